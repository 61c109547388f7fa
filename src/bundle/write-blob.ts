import { addAbortSignal } from 'node:stream';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { BlobContent, ByteRange } from '../registry/api.ts';
import { readUpTo } from '../registry/read-blob.ts';
import { AirgapError } from '../report/error.ts';
import { type ArchiveEntry, bodyStart, encodeHeader } from './archive.ts';
import { type BodyJournal, openBodyJournal } from './body-journal.ts';
import { type HashThreads, largeBody } from './hash-threads.ts';
import { TrailingHash } from './trailing-hash.ts';
import type { Volume } from './volume.ts';

/** Where blobs are written to. */
export interface BlobTarget {
  readonly volume: Volume;
  readonly mtime: Date;
  readonly threads: HashThreads;
  /** An earlier run has written to the volume. */
  readonly isTaken: boolean;
  progress(bytes: number): void;
}

export type ReadBlob = (range?: ByteRange) => Promise<BlobContent>;

/** Gathered before a write: the chunks of a socket are small. */
const batchSize = 128 * 1024;

/**
 * Writes a blob and, when its bytes are right, its header: that tells a later run that the body is there.
 * @returns bytes of it that an earlier run had written
 * @throws AirgapError integrity when it is not what its digest says
 */
export async function writeBlob(
  entry: ArchiveEntry,
  read: ReadBlob,
  target: BlobTarget,
): Promise<number> {
  let told = 0;
  const progress = (bytes: number): void => {
    told += bytes;
    target.progress(bytes);
  };
  try {
    return await writeChecked(entry, read, { ...target, progress });
  } catch (error) {
    target.progress(-told);
    throw error;
  }
}

async function writeChecked(
  entry: ArchiveEntry,
  read: ReadBlob,
  target: BlobTarget,
): Promise<number> {
  const write = entry.size < largeBody ? writeSmall : writeLarge;
  const found = await write(entry, read, target);
  if (found.digest === entry.digest && found.size === entry.size) return found.kept ?? 0;
  throw wrongBlob(entry, [found.digest, `${found.size} bytes`].filter(Boolean).join(', '));
}

interface Found {
  /** Absent where too many or too few bytes came to be worth hashing. */
  readonly digest?: Digest;
  /** Bytes; no more than one chunk over what was expected. */
  readonly size: number;
  /** Bytes that an earlier run had written. */
  readonly kept?: number;
}

async function writeSmall(
  entry: ArchiveEntry,
  read: ReadBlob,
  { volume, mtime, progress }: BlobTarget,
): Promise<Found> {
  const { body } = await read();
  const bytes = await readUpTo(entry.size, body, progress);
  const digest = digestOf(bytes);
  if (digest === entry.digest)
    await volume.writeAll([encodeHeader(entry, mtime), bytes], entry.start);
  return { digest, size: bytes.length };
}

async function writeLarge(entry: ArchiveEntry, read: ReadBlob, target: BlobTarget): Promise<Found> {
  const { volume, threads, mtime } = target;
  const start = bodyStart(entry);
  const hash = new TrailingHash(threads.start(), start);
  try {
    const { size, kept } = await writeBody(entry, read, target, hash);
    if (size !== entry.size) return { size };
    const digest = `sha256:${await hash.digest(start + size)}` as Digest;
    if (digest === entry.digest) await volume.write(encodeHeader(entry, mtime), entry.start);
    return { digest, size, kept };
  } finally {
    hash.drop();
  }
}

/** Asks for what is missing in ranges when the source has answered to the first one. */
async function writeBody(
  entry: ArchiveEntry,
  read: ReadBlob,
  target: BlobTarget,
  hash: TrailingHash,
): Promise<{ size: number; kept: number }> {
  const journal = await openBodyJournal(entry, target.volume, target.isTaken);
  const place = { entry, target, hash, journal };
  const [first, ...others] = missingRanges(journal);
  if (first === undefined) return { size: entry.size, kept: keep(place) };
  const isAll = first.start === 0 && first.end === entry.size - 1;
  const answer = await read(isAll ? undefined : first);
  if (answer.status === 200) {
    const size = await writeRange(answer, { start: 0, end: entry.size - 1 }, place);
    return { size, kept: 0 };
  }
  const kept = keep(place);
  const failed = new AbortController();
  const write = async (range: ByteRange): Promise<number> => {
    failed.signal.throwIfAborted();
    const { status, body } = range === first ? answer : await read(range);
    return writeRange({ status, body: addAbortSignal(failed.signal, body) }, range, place);
  };
  const stop = (error: unknown): number => {
    failed.abort(error);
    return 0;
  };
  const sizes = await Promise.all([first, ...others].map((range) => write(range).catch(stop)));
  failed.signal.throwIfAborted();
  return { size: sizes.reduce((sum, size) => sum + size, kept), kept };
}

/** What a body is written by. */
interface BodyPlace {
  readonly entry: ArchiveEntry;
  readonly target: BlobTarget;
  readonly hash: TrailingHash;
  readonly journal: BodyJournal;
}

function missingRanges({ ranges }: BodyJournal): ByteRange[] {
  const missing = ranges.filter(({ next, end }) => next <= end);
  return missing.map(({ next, end }) => ({ start: next, end }));
}

/** Counts what an earlier run has written as if it came now. @returns its bytes */
function keep({ entry, target, hash, journal }: BodyPlace): number {
  const origin = bodyStart(entry);
  for (const { start, next } of journal.ranges) hash.written(origin + start, origin + next);
  const kept = journal.ranges.reduce((sum, { start, next }) => sum + next - start, 0);
  target.progress(kept);
  return kept;
}

/** @returns bytes written, or how many came where they are too many */
async function writeRange(
  { status, body }: BlobContent,
  { start, end }: ByteRange,
  { entry, target, hash, journal }: BodyPlace,
): Promise<number> {
  const origin = bodyStart(entry);
  let position = start;
  let pending: Buffer[] = [];
  let waiting = 0;
  const flush = async () => {
    await target.volume.writeAll(pending, origin + position);
    hash.written(origin + position, origin + position + waiting);
    position += waiting;
    pending = [];
    waiting = 0;
    await journal.reached(start, position);
  };
  let from = status === 206 ? start : 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const fresh = chunk.subarray(Math.max(0, start - from), Math.max(0, end + 1 - from));
    from += chunk.length;
    target.progress(fresh.length);
    pending.push(fresh);
    waiting += fresh.length;
    if (from > end + 1) break;
    if (waiting >= batchSize) await flush();
  }
  await flush();
  const most = status === 206 ? end + 1 : entry.size;
  return from > most ? from - start : position - start;
}

function wrongBlob({ digest, size }: ArchiveEntry, found: string): AirgapError {
  return new AirgapError('integrity', `the blob ${digest} arrived with other bytes`, {
    given: found,
    expected: `${digest}, ${size} bytes`,
    next: 'run again; if it stays, the source registry or a proxy before it is damaged',
  });
}
