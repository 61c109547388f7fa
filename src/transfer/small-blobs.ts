import type { Descriptor } from '../oci/descriptor.ts';
import { Gate } from '../registry/gate.ts';
import { readBlob } from '../registry/read-blob.ts';
import type { CopyUnit } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/** Up to this size, bytes, a few requests of ours cost less than a process of oras (docs/benchmarks.md). */
const largest = 1024 * 1024;
/** At a time: each is held in memory whole. */
const atOnce = 32;

/** Whether our own client may copy the blob. */
export function isSmall({ size }: Descriptor, { job: { origin } }: Work): boolean {
  return size <= largest && origin.kind === 'registries';
}

/** How many are at work at a time in a transfer. */
export function smallBlobGate(): Gate {
  return new Gate({ places: atOnce });
}

/**
 * Copies small blobs from their source into a unit's repository, unless they are there. Where nothing was put before,
 * the first is alone, and learns whether the target accepts pushes.
 * @returns how many were uploaded
 */
export async function sendSmall(
  blobs: readonly Descriptor[],
  unit: CopyUnit,
  work: Work,
): Promise<number> {
  const one = async (blob: Descriptor) => {
    const leave = await work.smallBlobs.enter(work.context.signal);
    return send(blob, unit, work).finally(leave);
  };
  const alone = work.turns.takesPushes(unit.repository) ? [] : blobs.slice(0, 1);
  const first = await settleAll(alone.map(one));
  const others = await settleAll(blobs.slice(alone.length).map(one));
  return [...first, ...others].filter((isUploaded) => isUploaded).length;
}

async function send(
  blob: Descriptor,
  { image, repository }: CopyUnit,
  { job: { origin, target }, turns, sent }: Work,
): Promise<boolean> {
  if (origin.kind !== 'registries') throw new Error('only from a registry');
  const isThere = (await target.headBlob(repository, blob.digest)) === blob.size;
  if (!isThere) {
    const from = origin.locate(image);
    const found = origin.found?.(blob.digest);
    const bytes = found ?? (await readBlob(from.client, from.repository, blob));
    await target.putBlob(repository, blob.digest, bytes);
    turns.pushTaken(repository);
    sent([blob]);
  }
  turns.arrived(blob, repository);
  return !isThere;
}
