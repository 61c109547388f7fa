import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import pMap from 'p-map';
import type { Context } from '../context.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { Inventory, InventoryBlob } from '../plan/inventory.ts';
import { AirgapError, canGoOn, failuresIn } from '../report/error.ts';
import {
  type Archive,
  type ArchiveEntry,
  type ArchiveHead,
  bodyStart,
  encodeHeader,
  layOut,
} from './archive.ts';
import { parseInventory, printInventory } from './inventory-json.ts';
import { requireFewParts } from './part-size.ts';
import { openPartial, type Partial, putAside, removePartial } from './partial.ts';
import { byteProgress } from './progress.ts';
import { hashVolume, publish } from './publish.ts';
import { isFinished } from './resume.ts';
import type { OlderBundle } from './reuse.ts';
import { printSignature, type Signer } from './sign.ts';
import { createVolume, partPathOf, type Volume } from './volume.ts';

export interface WriteJob {
  readonly inventory: Inventory;
  /** The body of every file of the inventory, by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Opens one blob for reading; called once a blob, several at a time, in archive order. */
  readBlob(blob: InventoryBlob): Promise<Readable>;
  /** A bundle whose blobs are taken in place of reading them. */
  readonly older?: Pick<OlderBundle, 'take'>;
  /** Absent: the bundle is unsigned. */
  readonly sign?: Signer;
  /** Absolute path of the finished bundle. `<out>.sha256` and `install.sh` are written beside it. */
  readonly out: string;
  /** Bytes, a multiple of 512: the bundle is written as `<out>.001` and so on, none of them larger. */
  readonly partSize?: number;
  /** How many blobs are read at a time. */
  readonly concurrency: number;
}

export interface WrittenBundle {
  readonly path: string;
  /** The files that the bundle lies in: `path` itself, or its parts. */
  readonly parts: readonly string[];
  /** Path of install.sh beside it. */
  readonly installScript: string;
  /** Of the whole bundle, its parts one after the other, hex. */
  readonly sha256: string;
  /** Of the whole file, bytes. */
  readonly size: number;
  /** Bytes of blobs that an earlier run had written. */
  readonly resumed: number;
}

/**
 * Writes a bundle straight to its final offsets in a hidden file beside `out`, and renames it when every byte was
 * checked and is on the disk. On a failure what was at `out` stays, and of what is new nothing is left, except
 * for the next run to go on where this one was stopped.
 * @throws AirgapError integrity for a blob that is not what its digest says, io, and what `readBlob` throws
 */
export async function writeBundle(job: WriteJob, context: Context): Promise<WrittenBundle> {
  const head = headOf(job);
  const archive = layOut(job.inventory, head);
  const small = new Map([...job.files, ...headFiles(head)]);
  if (job.partSize !== undefined) requireFewParts(archive.size, job.partSize);
  const layout = layoutName(head, archive, job);
  const partial = await openPartial(job.out, layout, archive.size, context.now());
  try {
    const volume = await createVolume(partial.path, archive.size, job.partSize);
    try {
      const target = { volume, mtime: archive.mtime, isTaken: partial.isTaken };
      const resumed = await writeAll(target, archive, small, job, context);
      return { ...(await finish(volume, job, context)), resumed };
    } finally {
      await volume.close();
    }
  } catch (error) {
    if (context.signal.aborted || isWorthLeaving(error)) await leave(partial, context);
    throw context.signal.aborted ? context.signal.reason : error;
  } finally {
    await removePartial(partial.folder);
  }
}

/** Whatever decides at which offset each byte lies, and in which file. */
function layoutName({ inventory }: ArchiveHead, { size }: Archive, { partSize }: WriteJob): string {
  const name = [digestOf(inventory), size, partSize].join();
  return hexOf(digestOf(Buffer.from(name))).slice(0, 12);
}

/** A disk that is full is not kept full. */
function isWorthLeaving(error: unknown): boolean {
  return canGoOn(error) && failuresIn(error).every(({ class: name }) => name !== 'io');
}

async function leave(partial: Partial, { emit }: Context): Promise<void> {
  const path = await putAside(partial);
  emit({ kind: 'note', message: `what is finished stays in ${path}, for the next run to go on` });
}

function headOf({ inventory, sign }: WriteJob) {
  const bytes = printInventory(inventory);
  // What cannot be read back is not written.
  parseInventory(bytes, 'usage');
  return { inventory: bytes, ...(sign ? { signature: printSignature(sign.sign(bytes)) } : {}) };
}

function headFiles({ inventory, signature }: ReturnType<typeof headOf>): [string, Buffer][] {
  return [
    ['bundle.json', inventory],
    ...(signature ? [['bundle.sig', signature] as [string, Buffer]] : []),
  ];
}

/** The paddings and the two end blocks are holes: they read as zeros. @returns bytes that were there already */
async function writeAll(
  target: Target,
  archive: Archive,
  small: ReadonlyMap<string, Buffer>,
  job: WriteJob,
  context: Context,
): Promise<number> {
  const [smallEntries, blobEntries] = divide(archive.entries, small);
  for (const [entry, bytes] of smallEntries) await writeSmall(target, entry, bytes);
  const resumed = await writeBlobs(target, blobEntries, job, context);
  await target.volume.sync();
  return resumed;
}

async function finish(
  volume: Volume,
  { out, files, partSize }: WriteJob,
  context: Context,
): Promise<Omit<WrittenBundle, 'resumed'>> {
  const { size, path: partial } = volume;
  const count = partSize === undefined ? 0 : volume.parts.length;
  const { sha256, sums } = await hashVolume(volume, context);
  const script = files.get('install.sh') ?? Buffer.of();
  const installScript = await publish({ partial, out, parts: count, sums, script });
  const parts = count === 0 ? [out] : volume.parts.map((_, at) => partPathOf(out, at + 1));
  return { path: out, parts, installScript, sha256, size };
}

interface Target {
  readonly volume: Volume;
  readonly mtime: Date;
  /** An earlier run has written to it. */
  readonly isTaken: boolean;
}

function divide(
  entries: readonly ArchiveEntry[],
  small: ReadonlyMap<string, Buffer>,
): [[ArchiveEntry, Buffer][], ArchiveEntry[]] {
  const blobs = entries.filter(({ path }) => path.startsWith('blobs/'));
  const files = entries.slice(0, entries.length - blobs.length);
  return [files.map((entry) => [entry, bodyOf(entry, small)]), blobs];
}

function bodyOf(entry: ArchiveEntry, small: ReadonlyMap<string, Buffer>): Buffer {
  const bytes = small.get(entry.path);
  if (bytes && digestOf(bytes) === entry.digest) return bytes;
  throw new Error(`the inventory's ${entry.path} is not among the files, or another`);
}

async function writeSmall(
  { volume, mtime }: Target,
  entry: ArchiveEntry,
  bytes: Buffer,
): Promise<void> {
  await volume.write(encodeHeader(entry, mtime), entry.start);
  await volume.write(bytes, bodyStart(entry));
}

/** The first failure stops the other readers, instead of letting them finish gigabytes for nothing. */
async function writeBlobs(
  target: Target,
  entries: readonly ArchiveEntry[],
  job: WriteJob,
  context: Context,
): Promise<number> {
  let resumed = 0;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, context.signal]);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const progress = byteProgress(total, context.emit);
  const write = async (entry: ArchiveEntry, body: Readable): Promise<void> => {
    // It may be aborted before anyone reads from it; whoever reads is told then.
    body.on('error', () => undefined);
    await writeBlob(target, entry, addAbortSignal(signal, body), progress);
  };
  const bring = async (entry: ArchiveEntry): Promise<void> => {
    signal.throwIfAborted();
    const header = encodeHeader(entry, target.mtime);
    if (target.isTaken && (await isFinished(target.volume, entry, header, signal))) {
      resumed += entry.size;
      return progress(entry.size);
    }
    if (await job.older?.take(entry, (body) => write(entry, body))) return;
    await twice(async () => write(entry, await job.readBlob(entry)));
  };
  const stop = (error: unknown): void => failed.abort(error);
  await pMap(entries, (entry) => bring(entry).catch(stop), { concurrency: job.concurrency });
  signal.throwIfAborted();
  return resumed;
}

/** A flipped bit on the way is worth one more try; a second one is the source's own. */
async function twice(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'integrity')) throw error;
    await write();
  }
}

async function writeBlob(
  { volume, mtime }: Target,
  entry: ArchiveEntry,
  body: Readable,
  progress: (bytes: number) => void,
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    progress(chunk.length);
    if (size > entry.size) break;
    hash.update(chunk);
    await volume.write(chunk, bodyStart(entry) + size - chunk.length);
  }
  const digest = `sha256:${hash.digest('hex')}` as Digest;
  if (digest !== entry.digest || size !== entry.size) {
    progress(-size);
    throw wrongBlob(entry, `${digest}, ${size} bytes`);
  }
  // Last, as it tells a later run that the body is there.
  await volume.write(encodeHeader(entry, mtime), entry.start);
}

function wrongBlob({ digest, size }: ArchiveEntry, found: string): AirgapError {
  return new AirgapError('integrity', `the blob ${digest} arrived with other bytes`, {
    given: found,
    expected: `${digest}, ${size} bytes`,
    next: 'run again; if it stays, the source registry or a proxy before it is damaged',
  });
}
