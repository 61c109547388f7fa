import { Header } from 'tar/header';
import { algorithmOf, type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';

/** One tar entry: a 512-byte header, the body, zeros up to the next multiple of 512. Positions are bytes. */
export interface ArchiveEntry {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  /** What the body hashes to. */
  readonly digest: Digest;
  /** Where the header starts. */
  readonly start: number;
  /** Where the next entry, or the end, starts. */
  readonly end: number;
}

export interface Archive {
  readonly entries: readonly ArchiveEntry[];
  /** Of the whole file, the two zero blocks at its end included. */
  readonly size: number;
  /** Every header's mtime. */
  readonly mtime: Date;
}

/** The first two bodies: the exact bytes of `bundle.json` and, when signed, of `bundle.sig`. */
export interface ArchiveHead {
  readonly inventory: Buffer;
  readonly signature?: Buffer;
}

export const blockSize = 512;

/** Two zero blocks (POSIX pax, "ustar interchange format"). */
export const endSize = 2 * blockSize;

/** Where every byte of a bundle lies: it follows from the inventory alone, before any body is at hand. */
export function layOut(inventory: Inventory, head: ArchiveHead): Archive {
  const entries: ArchiveEntry[] = [];
  let start = 0;
  for (const { path, size, mode, digest } of bodies(inventory, head)) {
    const end = start + blockSize + padded(size);
    entries.push({ path, size, mode, digest, start, end });
    start = end;
  }
  return { entries, size: start + endSize, mtime: new Date(inventory.createdAt) };
}

/**
 * A ustar header with fixed owner and time. Only a size over 8 GiB leaves ustar, for GNU tar's base-256 field.
 */
export function encodeHeader(
  { path, size, mode }: Pick<ArchiveEntry, 'path' | 'size' | 'mode'>,
  mtime: Date,
): Buffer {
  const header = new Header({ path, size, mode, mtime, uid: 0, gid: 0, type: 'File' });
  header.encode();
  return header.block as Buffer;
}

export function bodyStart(entry: ArchiveEntry): number {
  return entry.start + blockSize;
}

/** The path of a blob in the archive (image-spec, image-layout.md). @throws AirgapError usage for sha512 */
export function blobPath(digest: Digest): string {
  if (algorithmOf(digest) === 'sha256') return `blobs/sha256/${hexOf(digest)}`;
  throw new AirgapError('usage', 'a bundle holds blobs by sha256 only', {
    given: digest,
    expected: 'an image whose manifests name sha256 digests',
    next: 'take the image off the list, or move it with `mirror`',
  });
}

type Body = Omit<ArchiveEntry, 'start' | 'end'>;

/** One at a time: they are as many as the inventory has lines. */
function* bodies({ files, blobs }: Inventory, { inventory, signature }: ArchiveHead) {
  yield headBody('bundle.json', inventory);
  if (signature) yield headBody('bundle.sig', signature);
  for (const { path, size, mode, sha256 } of files) {
    yield { path, size, mode, digest: `sha256:${sha256}` as Digest };
  }
  for (const { digest, size } of blobs) yield { path: blobPath(digest), size, mode: 0o644, digest };
}

function headBody(path: string, bytes: Buffer): Body {
  return { path, size: bytes.length, mode: 0o644, digest: digestOf(bytes) };
}

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}
