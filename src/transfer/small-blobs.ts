import { type Descriptor, mostReadWhole } from '../oci/descriptor.ts';
import { Gate } from '../registry/gate.ts';
import { readBlob } from '../registry/read-blob.ts';
import type { CopyUnit } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/** Up to this size, bytes, a few requests of ours cost less than a process of oras (docs/benchmarks.md). */
const largest = 1024 * 1024;
/** At a time, as each is held in memory whole: up to the first size, and up to the second. */
const atOnce = { small: 32, attached: 2 };

/** Whether a unit's blobs that are missing are for our own client to copy. */
export function areOurs(
  blobs: readonly Descriptor[],
  { hasSubject }: CopyUnit,
  { job: { origin } }: Work,
): boolean {
  if (hasSubject) return blobs.every(({ size }) => size <= mostReadWhole);
  return origin.kind === 'registries' && blobs.every(isSmall);
}

function isSmall({ size }: Descriptor): boolean {
  return size <= largest;
}

/** How many are in memory at a time in a transfer. */
export interface HeldBlobs {
  readonly small: Gate;
  readonly attached: Gate;
}

export function heldBlobs(): HeldBlobs {
  return {
    small: new Gate({ places: atOnce.small }),
    attached: new Gate({ places: atOnce.attached }),
  };
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
  const sent = new Map<Descriptor, boolean>();
  const one = async (blob: Descriptor) => void sent.set(blob, await send(blob, unit, work));
  const [first] = blobs;
  const push = async () => void (first && (await one(first)));
  await work.firstPush({ repository: unit.repository, push });
  await settleAll(blobs.filter((blob) => !sent.has(blob)).map(one));
  return [...sent.values()].filter((isUploaded) => isUploaded).length;
}

/**
 * Learns, before a process of oras is started, whether the target takes pushes into the repository: by the smallest of
 * the blobs, which shows a full quota too, or where that is there or not at hand by an upload that is opened and
 * cancelled. oras asks ten times what is refused for good.
 * @returns whether the blob was uploaded
 */
export async function tryPush(
  blobs: readonly Descriptor[],
  unit: CopyUnit,
  work: Work,
): Promise<boolean> {
  const { repository } = unit;
  let isSent = false;
  const push = async () => {
    const [smallest] = blobs.toSorted((a, b) => a.size - b.size);
    if (smallest && isSmall(smallest)) isSent = await send(smallest, unit, work);
    if (!isSent) await work.job.target.checkPush(repository);
  };
  await work.firstPush({ repository, push });
  return isSent;
}

/** @returns whether it was uploaded: else it was there, or is not at hand */
async function send(blob: Descriptor, unit: CopyUnit, work: Work): Promise<boolean> {
  const { held, context } = work;
  const leave = await (isSmall(blob) ? held.small : held.attached).enter(context.signal);
  return sendWhole(blob, unit, work).finally(leave);
}

async function sendWhole(blob: Descriptor, unit: CopyUnit, work: Work): Promise<boolean> {
  const { repository } = unit;
  const { job, turns } = work;
  if ((await job.target.headBlob(repository, blob.digest)) === blob.size) {
    turns.arrived(blob, repository);
    return false;
  }
  const bytes = await read(blob, unit, work);
  if (bytes === undefined) return false;
  await job.target.putBlob(repository, blob.digest, bytes);
  turns.pushTaken(repository);
  turns.arrived(blob, repository);
  work.sent([blob]);
  return true;
}

async function read(
  blob: Descriptor,
  { image }: CopyUnit,
  { job: { origin } }: Work,
): Promise<Buffer | undefined> {
  if (origin.kind === 'layout') return origin.read?.(blob.digest);
  const { client, repository } = origin.locate(image);
  return origin.found?.(blob.digest) ?? readBlob(client, repository, blob);
}
