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

/** Copies one small blob from its source into a unit's repository, unless it is there. */
export function smallBlobs(work: () => Work): Work['sendSmall'] {
  const gate = new Gate(atOnce);
  return async (blob, unit) => {
    const leave = await gate.enter(work().context.signal);
    try {
      return await send(blob, unit, work());
    } finally {
      leave();
    }
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
  await target.putBlob(repository, blob.digest, await readBlob(from.client, from.repository, blob));
  turns.pushTaken(repository);
  sent([blob]);
  return 'uploaded';
}
