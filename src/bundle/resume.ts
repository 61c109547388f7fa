import { type ArchiveEntry, blockSize } from './archive.ts';
import { digestOfBody, hasHeader } from './entry.ts';
import { largeBody } from './hash-threads.ts';
import { Window } from './window.ts';
import type { BlobsTarget } from './write-blobs.ts';

/**
 * Whether an earlier run has finished an entry. Its header, which is written when the body is complete, is the hint;
 * the body is hashed all the same, since what was not synced can be lost.
 */
export async function isFinished(
  entry: ArchiveEntry,
  { volume, mtime, threads }: Pick<BlobsTarget, 'volume' | 'mtime' | 'threads'>,
  signal: AbortSignal,
): Promise<boolean> {
  const window = new Window(volume, entry.size < largeBody ? entry.end - entry.start : blockSize);
  if (!(await hasHeader(window, entry, mtime))) return false;
  const reading = { threads, signal, progress: () => undefined };
  return (await digestOfBody(window, entry, reading)) === entry.digest;
}
