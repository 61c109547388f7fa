import { setMaxListeners } from 'node:events';
import { addAbortSignal, type Readable } from 'node:stream';
import pMap from 'p-map';
import type { Context } from '../context.ts';
import type { InventoryBlob } from '../plan/inventory.ts';
import type { BlobContent, ByteRange } from '../registry/api.ts';
import { twice } from '../registry/retry.ts';
import type { ArchiveEntry } from './archive.ts';
import { blobsProgress, type ImageBlobs } from './progress.ts';
import { isFinished } from './resume.ts';
import type { OlderBundle } from './reuse.ts';
import type { VolumeSums } from './volume-sums.ts';
import { type BlobTarget, type ReadBlob, writeBlob } from './write-blob.ts';

/** Where blobs come from. */
export interface BlobSources {
  /** Opens one blob for reading, several at a time, in archive order; a large one in several ranges. */
  readBlob(blob: InventoryBlob, range?: ByteRange): Promise<BlobContent>;
  /** A bundle whose blobs are taken in place of reading them. */
  readonly older?: Pick<OlderBundle, 'take'>;
  /** How many blobs are read at a time. */
  readonly concurrency: number;
  /** Whose blobs they are, to tell how far each image is. */
  readonly images?: readonly ImageBlobs[];
}

/** Where they go. */
export interface BlobsTarget extends Omit<BlobTarget, 'progress'> {
  readonly sums: VolumeSums;
}

/**
 * Brings every blob to its place. The first failure stops the other readers, instead of letting them finish
 * gigabytes for nothing.
 * @returns bytes that an earlier run had written
 */
export async function writeBlobs(
  target: BlobsTarget,
  entries: readonly ArchiveEntry[],
  sources: BlobSources,
  { emit, signal: runSignal }: Context,
): Promise<number> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, runSignal]);
  // Every body that is being read listens to it; Node would warn of a leak at the eleventh.
  setMaxListeners(0, signal);
  const progress = blobsProgress(entries, sources.images ?? [], emit);
  let resumed = 0;
  const bring = async (entry: ArchiveEntry): Promise<void> => {
    signal.throwIfAborted();
    const { read, end } = progress.begin(entry);
    if (target.isTaken && (await isFinished(entry, target, signal))) {
      resumed += entry.size;
      read(entry.size);
    } else {
      const kept = await fetch(entry, sources, { ...target, progress: read }, signal);
      resumed += kept;
    }
    end();
    target.sums.written(entry.start, entry.end);
  };
  const { concurrency } = sources;
  await pMap(entries, (entry) => bring(entry).catch((error) => failed.abort(error)), {
    concurrency,
  });
  signal.throwIfAborted();
  return resumed;
}

/** @returns bytes that an earlier run had written; where they prove wrong, the whole is fetched */
async function fetch(
  entry: ArchiveEntry,
  { older, readBlob }: BlobSources,
  target: BlobTarget,
  signal: AbortSignal,
): Promise<number> {
  let { isTaken } = target;
  const write = (read: ReadBlob) => {
    const how = { ...target, isTaken };
    isTaken = false;
    return writeBlob(entry, async (range) => stoppable(await read(range), signal), how);
  };
  const take = async (body: Readable) => void (await write(async () => ({ status: 200, body })));
  if (await older?.take(entry, take)) return 0;
  return twice(() => write((range) => readBlob(entry, range)));
}

/** It may be aborted before anyone reads from it; whoever reads is told then. */
function stoppable({ status, body }: BlobContent, signal: AbortSignal): BlobContent {
  body.on('error', () => undefined);
  return { status, body: addAbortSignal(signal, body) };
}
