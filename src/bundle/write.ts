import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../context.ts';
import { isDiskFull, onDisk } from '../disk/failures.ts';
import { makeFolder, syncFolder } from '../disk/folder.ts';
import { type Lock, whileLocked } from '../disk/lock.ts';
import { digestOf, hexOf } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { canGoOn } from '../report/error.ts';
import {
  type Archive,
  type ArchiveEntry,
  type ArchiveHead,
  encodeHeader,
  endSize,
  layOut,
} from './archive.ts';
import { HashThreads } from './hash-threads.ts';
import { printInventory } from './inventory-json.ts';
import { parsePrintedInventory } from './inventory-lines.ts';
import { openVolume } from './open-volume.ts';
import { requireFewParts } from './part-size.ts';
import { lockOf, openPartial, type Partial, removePartial } from './partial.ts';
import { publish } from './publish.ts';
import { clearGaps, openSame } from './resume.ts';
import { printSignature, type Signer } from './sign.ts';
import { isUnsettled } from './unfinished-publication.ts';
import { createVolume, partPathOf, type Volume } from './volume.ts';
import { type Sums, VolumeSums } from './volume-sums.ts';
import { type BlobSources, type BlobsTarget, writeBlobs } from './write-blobs.ts';

export interface WriteJob extends BlobSources {
  readonly inventory: Inventory;
  /** The body of every file of the inventory, by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Absent: the bundle is unsigned. */
  readonly sign?: Signer;
  /** Absolute path of the finished bundle. `<out>.sha256` and `install.sh` are written beside it. */
  readonly out: string;
  /** Nobody but this user may read the files that the bundle lies in. */
  readonly isPrivate?: boolean;
  /** Files whose bytes, but not their number, are others in each run: who goes on does not mind. */
  readonly changing?: readonly string[];
  /** Bytes, a multiple of 512: the bundle is written as `<out>.001` and so on, none of them larger. */
  readonly partSize?: number;
}

export interface WrittenArchive {
  readonly path: string;
  /** Of the whole bundle, its parts one after the other, hex. */
  readonly sha256: string;
  /** Of the whole file, bytes. */
  readonly size: number;
  /** Bytes of blobs that an earlier run had written. */
  readonly resumed: number;
}

export interface WrittenBundle extends WrittenArchive {
  /** The files that the bundle lies in: `path` itself, or its parts. */
  readonly parts: readonly string[];
  /** Path of install.sh beside it. */
  readonly installScript: string;
}

/**
 * Writes a bundle straight to its final offsets in a hidden file beside `out`, and renames it when every byte was
 * checked and is on the disk. On a failure what was at `out` stays, and of what is new nothing is left, except
 * for the next run to go on where this one was stopped.
 * @throws AirgapError locked while another run writes it, integrity for a blob that is not what its digest says, io,
 *   and what `readBlob` throws
 */
export async function writeBundle(job: WriteJob, context: Context): Promise<WrittenBundle> {
  return writeArchive(job, publishBundle, context);
}

/** The same for a file that nobody installs from: no checksum and no install.sh lie beside it. */
export async function writeAlone(
  job: Omit<WriteJob, 'files' | 'sign' | 'partSize'>,
  context: Context,
): Promise<WrittenArchive> {
  return writeArchive({ ...job, files: new Map() }, publishAlone, context);
}

/** Moves what is complete and on the disk to its place. */
type Publish<T> = (volume: Volume, sums: Sums, job: WriteJob) => Promise<T>;

async function writeArchive<T>(
  job: WriteJob,
  publishIt: Publish<T>,
  context: Context,
): Promise<T & WrittenArchive> {
  const head = headOf(job);
  const archive = layOut(job.inventory, head);
  if (job.partSize !== undefined) requireFewParts(archive.size, job.partSize);
  await makeFolder(dirname(job.out));
  return whileLocked(lockOf(job.out), context, async (lock) => {
    const layout = layoutName(head, archive, job);
    const partial = await openPartial(job.out, layout, archive.size, context);
    try {
      const writing = { job, head, archive, lock, publishIt };
      const written = await writeInto(partial, writing, context);
      await removeOurs(partial, lock);
      return written;
    } catch (error) {
      if (await isWorthLeaving(error, partial, context)) tellLeft(partial, context);
      else await removeOurs(partial, lock).catch(() => undefined);
      throw context.signal.aborted ? context.signal.reason : error;
    }
  });
}

interface Writing<T> {
  readonly publishIt: Publish<T>;
  readonly job: WriteJob;
  readonly head: ArchiveHead;
  readonly archive: Archive;
  readonly lock: Lock;
}

async function writeInto<T>(
  partial: Partial,
  { job, head, archive, lock, publishIt }: Writing<T>,
  context: Context,
): Promise<T & WrittenArchive> {
  const same = job.older ? undefined : await openSame(job.out, head.inventory);
  if (!same) await tellReplaced(job.out, context);
  const volume = await createVolume(partial.path, archive.size, job);
  const threads = new HashThreads(volume);
  try {
    const sums = new VolumeSums(volume, threads);
    const { mtime } = archive;
    const target = { volume, mtime, threads, sums, isTaken: partial.isTaken };
    const small = new Map([...job.files, ...headFiles(head)]);
    const sources = same ? { ...job, older: same } : job;
    const resumed = await writeAll(target, archive, small, sources, context);
    const [done] = await Promise.all([sums.finish(), volume.sync()]);
    await lock.check();
    const published = await publishIt(volume, done, job);
    return {
      ...published,
      path: job.out,
      sha256: done.sha256,
      size: archive.size,
      resumed: resumed + (same?.taken.bytes ?? 0),
    };
  } finally {
    await threads.close();
    await volume.close();
    await same?.close();
  }
}

/** Whatever decides at which offset each byte lies, and in which file. */
function layoutName(head: ArchiveHead, { size }: Archive, job: WriteJob): string {
  const name = [digestOf(lastingInventory(head, job)), size, job.partSize].join();
  return hexOf(digestOf(Buffer.from(name))).slice(0, 12);
}

/** Without the files that are others in each run. */
function lastingInventory(head: ArchiveHead, { inventory, changing }: WriteJob): Buffer {
  if (changing === undefined) return head.inventory;
  const files = inventory.files.filter(({ path }) => !changing.includes(path));
  return printInventory({ ...inventory, files });
}

/** A disk that is full is not kept full. */
async function isWorthLeaving(
  error: unknown,
  { path }: Partial,
  { signal }: Context,
): Promise<boolean> {
  return signal.aborted || (canGoOn(error) && !isDiskFull(error)) || isUnsettled(path);
}

/** Who has taken the lock over may write in the same folder by now. */
async function removeOurs({ folder }: Partial, lock: Lock): Promise<void> {
  if (await lock.isHeld()) await removePartial(folder);
}

async function tellReplaced(out: string, { emit }: Context): Promise<void> {
  const there = await openVolume(out).catch(() => undefined);
  await there?.close();
  const message = `${out} is there already: it is replaced when the new one is complete`;
  if (there) emit({ kind: 'note', message });
}

function tellLeft({ folder }: Partial, { emit }: Context): void {
  emit({ kind: 'note', message: `what is finished stays in ${folder}, for the next run to go on` });
}

function headOf({ inventory, sign }: WriteJob) {
  const bytes = printInventory(inventory);
  // What cannot be read back is not written.
  parsePrintedInventory(bytes, 'usage');
  return { inventory: bytes, ...(sign ? { signature: printSignature(sign.sign(bytes)) } : {}) };
}

function headFiles({ inventory, signature }: ArchiveHead): [string, Buffer][] {
  return [
    ['bundle.json', inventory],
    ...(signature ? [['bundle.sig', signature] as [string, Buffer]] : []),
  ];
}

/** The paddings and the two end blocks are holes, which read as zeros. @returns bytes that were there already */
async function writeAll(
  target: BlobsTarget,
  archive: Archive,
  small: ReadonlyMap<string, Buffer>,
  job: WriteJob,
  context: Context,
): Promise<number> {
  if (target.isTaken) await clearGaps(target.volume, archive);
  const [smallEntries, blobEntries] = divide(archive.entries, small);
  for (const [entry, bytes] of smallEntries) await writeSmall(target, entry, bytes);
  target.sums.written(archive.size - endSize, archive.size);
  return writeBlobs(target, blobEntries, job, context);
}

async function publishBundle(
  volume: Volume,
  sums: Sums,
  { out, files, partSize }: WriteJob,
): Promise<Pick<WrittenBundle, 'parts' | 'installScript'>> {
  const { path: partial } = volume;
  const count = partSize === undefined ? 0 : volume.parts.length;
  const script = files.get('install.sh') ?? Buffer.of();
  const installScript = await publish({ partial, out, parts: count, sums: sums.files, script });
  const parts = count === 0 ? [out] : volume.parts.map((_, at) => partPathOf(out, at + 1));
  return { parts, installScript };
}

async function publishAlone({ path }: Volume, _: Sums, { out }: WriteJob): Promise<object> {
  await syncFolder(dirname(path));
  await onDisk(out, rename(path, out));
  await syncFolder(dirname(out));
  return {};
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
  { volume, mtime, sums }: BlobsTarget,
  entry: ArchiveEntry,
  bytes: Buffer,
): Promise<void> {
  await volume.writeAll([encodeHeader(entry, mtime), bytes], entry.start);
  sums.written(entry.start, entry.end);
}
