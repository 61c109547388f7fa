import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { type ArchiveEntry, bodyStart, encodeHeader } from './archive.ts';
import { type HashThreads, largeBody, stride } from './hash-threads.ts';
import type { Window } from './window.ts';

/** What reading bodies needs. */
export interface Reading {
  readonly threads: HashThreads;
  readonly signal: AbortSignal;
  progress(bytes: number): void;
}

/** Whether an entry has the very header that the inventory makes. */
export async function hasHeader(
  window: Window,
  entry: ArchiveEntry,
  mtime: Date,
): Promise<boolean> {
  const expected = encodeHeader(entry, mtime);
  for (let done = 0; done < expected.length; ) {
    const bytes = await window.read(entry.start + done, expected.length - done);
    if (!bytes.equals(expected.subarray(done, done + bytes.length))) return false;
    done += bytes.length;
  }
  return true;
}

/** What the body of an entry hashes to; a small one is read through the window, a large one by a thread. */
export async function digestOfBody(
  window: Window,
  entry: ArchiveEntry,
  reading: Reading,
): Promise<Digest> {
  const isLarge = entry.size >= largeBody;
  const hash = isLarge ? hashInThread(entry, reading) : hashHere(window, entry, reading);
  return `sha256:${await hash}` as Digest;
}

async function hashHere(
  window: Window,
  entry: ArchiveEntry,
  { signal, progress }: Reading,
): Promise<string> {
  const hash = createHash('sha256');
  const end = bodyStart(entry) + entry.size;
  for (let position = bodyStart(entry); position < end; ) {
    const bytes = await window.read(position, end - position);
    hash.update(bytes);
    position += bytes.length;
    progress(bytes.length);
    signal.throwIfAborted();
  }
  return hash.digest('hex');
}

async function hashInThread(
  entry: ArchiveEntry,
  { signal, progress, threads }: Reading,
): Promise<string> {
  const hash = threads.start();
  const end = bodyStart(entry) + entry.size;
  for (let position = bodyStart(entry); position < end; position += stride) {
    const length = Math.min(stride, end - position);
    await hash.update(position, length);
    progress(length);
    signal.throwIfAborted();
  }
  return hash.digest();
}
