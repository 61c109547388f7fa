import { createHash } from 'node:crypto';
import { type ArchiveEntry, bodyStart } from './archive.ts';
import type { Volume } from './volume.ts';
import { Window } from './window.ts';

/**
 * Whether an earlier run has finished an entry. Its header, which is written when the body is complete, is the hint;
 * the body is hashed all the same, since what was not synced can be lost.
 */
export async function isFinished(
  volume: Volume,
  entry: ArchiveEntry,
  header: Buffer,
  signal: AbortSignal,
): Promise<boolean> {
  const window = new Window(volume, entry.end - entry.start);
  for (let done = 0; done < header.length; ) {
    const bytes = await window.read(entry.start + done, header.length - done);
    if (!bytes.equals(header.subarray(done, done + bytes.length))) return false;
    done += bytes.length;
  }
  const hash = createHash('sha256');
  const end = bodyStart(entry) + entry.size;
  for (let position = bodyStart(entry); position < end; ) {
    signal.throwIfAborted();
    const bytes = await window.read(position, end - position);
    hash.update(bytes);
    position += bytes.length;
  }
  return `sha256:${hash.digest('hex')}` === entry.digest;
}
