import type { Descriptor } from '../oci/descriptor.ts';
import { Gate } from '../registry/gate.ts';
import { readBlob } from '../registry/read-blob.ts';
import type { CopyUnit } from './units.ts';
import type { Work } from './work.ts';

/** Up to this size, bytes, two requests of ours cost less than a process of oras (docs/benchmarks.md). */
const largest = 1024 * 1024;
/** At a time: each is held in memory whole. */
const atOnce = 32;

/** Whether our own client copies the blob. */
export function isSmall({ size }: Descriptor, { job: { origin } }: Work): boolean {
  return size <= largest && origin.kind === 'registries';
}

/**
 * Copies small blobs from their source into a unit's repository, unless they are there. The first into a repository
 * is alone, and learns whether the target accepts pushes there.
 */
export function smallBlobs(work: () => Work): Work['sendSmall'] {
  const gate = new Gate({ places: atOnce });
  const firsts = new Map<string, Promise<'there' | 'uploaded'>>();
  const sendInTurn = async (blob: Descriptor, unit: CopyUnit) => {
    const leave = await gate.enter(work().context.signal);
    return send(blob, unit, work()).finally(leave);
  };
  return (blob, unit) => {
    const first = firsts.get(unit.repository);
    if (first !== undefined) return first.then(() => sendInTurn(blob, unit));
    const sending = sendInTurn(blob, unit);
    if (!work().turns.takesPushes(unit.repository)) firsts.set(unit.repository, sending);
    return sending;
  };
}

async function send(
  blob: Descriptor,
  { image, repository }: CopyUnit,
  { job: { origin, target }, turns, sent }: Work,
): Promise<'there' | 'uploaded'> {
  if (origin.kind !== 'registries') throw new Error('only from a registry');
  if ((await target.headBlob(repository, blob.digest)) === blob.size) return 'there';
  const from = origin.locate(image);
  const bytes = origin.found?.(blob.digest) ?? (await readBlob(from.client, from.repository, blob));
  await target.putBlob(repository, blob.digest, bytes);
  turns.pushTaken(repository);
  sent([blob]);
  return 'uploaded';
}
