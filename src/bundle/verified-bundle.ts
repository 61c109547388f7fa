import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { AirgapError } from '../report/error.ts';
import { type Archive, type ArchiveEntry, blobPath, bodyStart } from './archive.ts';
import { damaged } from './damage.ts';
import type { Volume } from './volume.ts';
import { Window } from './window.ts';

const pieceSize = 256 * 1024;

interface Verified {
  readonly inventory: Inventory;
  readonly inventoryDigest: Digest;
  readonly keyId: string | undefined;
  readonly warnings: readonly string[];
  readonly volume: Volume;
  readonly archive: Archive;
}

/**
 * A bundle of which every byte was checked; only `openVerified` makes one. It reads from the file that was opened
 * then, whatever lies at the path now, and hashes again what it reads, as a file can be written to in place.
 */
export class VerifiedBundle {
  readonly inventory: Inventory;
  /** Of the exact bytes of `bundle.json`: the bundle's name in state and reports. */
  readonly inventoryDigest: Digest;
  /** Whose signature held; undefined where an override let an unsigned bundle pass. */
  readonly keyId: string | undefined;
  /** Every override that was used, in words. */
  readonly warnings: readonly string[];
  readonly volume: Volume;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly #entries: ReadonlyMap<string, ArchiveEntry>;

  constructor({ archive, ...verified }: Verified) {
    this.inventory = verified.inventory;
    this.inventoryDigest = verified.inventoryDigest;
    this.keyId = verified.keyId;
    this.warnings = verified.warnings;
    this.volume = verified.volume;
    this.size = archive.size;
    this.#entries = new Map(archive.entries.map((entry) => [entry.path, entry]));
  }

  /** One entry's body, whole. @throws AirgapError integrity when it changed since; RangeError for an unknown path */
  async read(entryPath: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#chunks(this.#entry(entryPath))) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** One blob, whole. @throws AirgapError integrity when it changed since; RangeError for an unknown blob */
  readBlob(digest: Digest): Promise<Buffer> {
    return this.read(blobPath(digest));
  }

  /** Bytes; undefined for a blob that is not in the bundle. */
  blobSize(digest: Digest): number | undefined {
    return this.#entries.get(blobPath(digest))?.size;
  }

  /** One blob in pieces, as it is on the disk now: whoever reads it checks it. @throws RangeError, AirgapError io */
  async *streamBlob(digest: Digest): AsyncGenerator<Buffer> {
    const entry = this.#entry(blobPath(digest));
    const end = bodyStart(entry) + entry.size;
    for (let position = bodyStart(entry); position < end; ) {
      const buffer = Buffer.allocUnsafe(Math.min(pieceSize, end - position));
      const { bytesRead } = await this.volume.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw this.#damagedSince(entry, 'no more bytes');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** Whether it has a signature, by whomever. */
  get isSigned(): boolean {
    return this.#entries.has('bundle.sig');
  }

  get path(): string {
    return this.volume.path;
  }

  async close(): Promise<void> {
    await this.volume.close();
  }

  #entry(path: string): ArchiveEntry {
    const entry = this.#entries.get(path);
    if (!entry) throw new RangeError(`the bundle has no entry ${path}`);
    return entry;
  }

  /** The last chunk is held back until the hash of all is right. */
  async *#chunks(entry: ArchiveEntry): AsyncGenerator<Buffer> {
    const window = new Window(this.volume, entry.size);
    const hash = createHash('sha256');
    const end = bodyStart(entry) + entry.size;
    for (let position = bodyStart(entry); position < end; ) {
      const chunk = Buffer.from(await window.read(position, end - position));
      position += chunk.length;
      hash.update(chunk);
      if (position === end) this.#requireDigest(entry, `sha256:${hash.digest('hex')}`);
      yield chunk;
    }
  }

  #requireDigest(entry: ArchiveEntry, found: string): void {
    if (found !== entry.digest) throw this.#damagedSince(entry, found);
  }

  #damagedSince({ path, digest, start, size }: ArchiveEntry, given: string): AirgapError {
    const place = `${path}, after it was verified`;
    const file = this.volume.namesOf(start, size);
    return damaged(file, { place, offset: start, given, expected: digest });
  }
}
