import { addAbortSignal } from 'node:stream';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { BlobContent, ByteRange } from '../registry/api.ts';
import { AirgapError } from '../report/error.ts';
import { type ArchiveEntry, bodyStart, encodeHeader } from './archive.ts';
import { type HashThreads, largeBody } from './hash-threads.ts';
import { TrailingHash } from './trailing-hash.ts';
import type { Volume } from './volume.ts';

/** Where blobs are written to. */
export interface BlobTarget {
  readonly volume: Volume;
  readonly mtime: Date;
  readonly threads: HashThreads;
  progress(bytes: number): void;
}

export type ReadBlob = (range?: ByteRange) => Promise<BlobContent>;

/** Larger ones are read in ranges of so many bytes, in parallel. */
const rangeSize = 32 * 1024 * 1024;
/** Gathered before a write: the chunks of a socket are small. */
const batchSize = 128 * 1024;

/**
 * Writes a blob and, when its bytes are right, its header: that tells a later run that the body is there.
 * @throws AirgapError integrity when it is not what its digest says
 */
export async function writeBlob(
  entry: ArchiveEntry,
  read: ReadBlob,
  target: BlobTarget,
): Promise<void> {
  let told = 0;
  const progress = (bytes: number): void => {
    told += bytes;
    target.progress(bytes);
  };
  try {
    await writeChecked(entry, read, { ...target, progress });
  } catch (error) {
    target.progress(-told);
    throw error;
  }
}

async function writeChecked(
  entry: ArchiveEntry,
  read: ReadBlob,
  target: BlobTarget,
): Promise<void> {
  const write = entry.size < largeBody ? writeSmall : writeLarge;
  const found = await write(entry, read, target);
  if (found.digest === entry.digest && found.size === entry.size) return;
  throw wrongBlob(entry, [found.digest, `${found.size} bytes`].filter(Boolean).join(', '));
}

interface Found {
  /** Absent where too many or too few bytes came to be worth hashing. */
  readonly digest?: Digest;
  /** Bytes; no more than one chunk over what was expected. */
  readonly size: number;
}

async function writeSmall(
  entry: ArchiveEntry,
  read: ReadBlob,
  { volume, mtime, progress }: BlobTarget,
): Promise<Found> {
  const { body } = await read();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    progress(chunk.length);
    if (size > entry.size) break;
  }
  const digest = digestOf(Buffer.concat(chunks));
  if (digest === entry.digest)
    await volume.writeAll([encodeHeader(entry, mtime), ...chunks], entry.start);
  return { digest, size };
}

async function writeLarge(entry: ArchiveEntry, read: ReadBlob, target: BlobTarget): Promise<Found> {
  const { volume, threads, mtime } = target;
  const start = bodyStart(entry);
  const hash = new TrailingHash(threads.start(), start);
  try {
    const size = await writeBody(entry, read, target, hash);
    if (size !== entry.size) return { size };
    const digest = `sha256:${await hash.digest(start + size)}` as Digest;
    if (digest === entry.digest) await volume.write(encodeHeader(entry, mtime), entry.start);
    return { digest, size };
  } finally {
    hash.drop();
  }
}

/** Asks for the rest in ranges when the source has answered to the first one. @returns bytes written */
async function writeBody(
  entry: ArchiveEntry,
  read: ReadBlob,
  target: BlobTarget,
  hash: TrailingHash,
): Promise<number> {
  const [first, ...others] = rangesOf(entry.size);
  if (first === undefined) throw new Error('a large body has a range');
  const place = { entry, target, hash };
  const answer = await read(others.length > 0 ? first : undefined);
  if (answer.status === 200) return writeRange(answer, { start: 0, end: entry.size - 1 }, place);
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
  return sizes.reduce((sum, size) => sum + size, 0);
}

function rangesOf(size: number): ByteRange[] {
  return Array.from({ length: Math.ceil(size / rangeSize) }, (_, at) => ({
    start: at * rangeSize,
    end: Math.min((at + 1) * rangeSize, size) - 1,
  }));
}

/** @returns bytes written, or how many came where they are too many */
async function writeRange(
  { status, body }: BlobContent,
  { start, end }: ByteRange,
  { entry, target, hash }: { entry: ArchiveEntry; target: BlobTarget; hash: TrailingHash },
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
