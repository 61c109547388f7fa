import { type Archive, type ArchiveEntry, blockSize, bodyStart, endSize } from './archive.ts';
import { digestOfBody, hasHeader } from './entry.ts';
import { largeBody } from './hash-threads.ts';
import { readHead } from './head.ts';
import { openVolume } from './open-volume.ts';
import { type OlderBundle, openOlder } from './reuse.ts';
import type { Volume } from './volume.ts';
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

/** What is never written, paddings and the end, must be zeros in what was found as well: it may be of anyone. */
export async function clearGaps(volume: Volume, { entries, size }: Archive): Promise<void> {
  const gaps = entries.map((entry) => ({ start: bodyStart(entry) + entry.size, end: entry.end }));
  for (const { start, end } of [...gaps, { start: size - endSize, end: size }])
    if (start < end) await volume.write(Buffer.alloc(end - start), start);
}

/**
 * The bundle at `out`, where it is the very one that is to be made: a run that was killed after it had published it
 * has fetched all of it.
 */
export async function openSame(out: string, inventory: Buffer): Promise<OlderBundle | undefined> {
  const volume = await openVolume(out).catch(() => undefined);
  const head = await (volume && readHead(volume).catch(() => undefined));
  await volume?.close();
  return head?.inventory.equals(inventory) ? openOlder(out) : undefined;
}
