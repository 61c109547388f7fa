import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { InventoryBlob } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { bodyStart, layOut } from './archive.ts';
import { readHead } from './head.ts';
import { parsePrintedInventory } from './inventory-lines.ts';
import { openVolume } from './open-volume.ts';
import type { Volume } from './volume.ts';

/**
 * A bundle made earlier, of which blobs are taken in place of fetching them. Neither its signature nor its bytes
 * are trusted: whoever takes a blob holds it to the digest that it needs.
 */
export interface OlderBundle {
  readonly path: string;
  /**
   * Hands the body of a blob to `write`, which throws `integrity` where it is not what the digest says.
   * @returns false where the bundle has no such blob, or a damaged one
   */
  take(blob: InventoryBlob, write: (body: Readable) => Promise<void>): Promise<boolean>;
  /** A small blob, such as a manifest, whole; undefined where the bundle has no sound one. */
  find(digest: Digest): Promise<Buffer | undefined>;
  /** Whether it has this blob, by what it says of itself. */
  has(digest: Digest): boolean;
  /** It has all that planning and writing need: registries are not asked whether they still have it. */
  readonly isComplete?: true;
  /** What `take` came to so far. */
  readonly taken: Taken;
  close(): Promise<void>;
}

export interface Taken {
  readonly bytes: number;
  /** Blobs that the bundle should have and has not. */
  readonly damaged: readonly Digest[];
}

/** @throws AirgapError usage for nothing there; integrity for what is no bundle, or has no inventory to be read; io */
export async function openOlder(path: string): Promise<OlderBundle> {
  const volume = await reusable(path, openVolume(path));
  try {
    return olderBundle(volume, await reusable(path, blobPlaces(volume)));
  } catch (error) {
    await volume.close();
    throw error;
  }
}

interface BlobPlace {
  /** Where its body starts in the file. */
  readonly start: number;
  readonly size: number;
}

async function blobPlaces(volume: Volume): Promise<Map<string, BlobPlace>> {
  const head = await readHead(volume);
  const { entries } = layOut(parsePrintedInventory(head.inventory), head);
  const blobs = entries.filter(({ path }) => path.startsWith('blobs/'));
  return new Map(
    blobs.map((entry) => [entry.digest, { start: bodyStart(entry), size: entry.size }]),
  );
}

function olderBundle(volume: Volume, places: ReadonlyMap<string, BlobPlace>): OlderBundle {
  const taken = { bytes: 0, damaged: [] as Digest[] };
  return {
    path: volume.path,
    taken,
    has: (digest) => places.has(digest),
    async take({ digest, size }, write) {
      const place = places.get(digest);
      if (place === undefined) return false;
      try {
        await write(Readable.from(chunks(volume, place)));
        taken.bytes += size;
        return true;
      } catch (error) {
        if (!(error instanceof AirgapError && error.class === 'integrity')) throw error;
        taken.damaged.push(digest);
        return false;
      }
    },
    async find(digest) {
      const place = places.get(digest);
      if (place === undefined || place.size > smallSize) return undefined;
      const bytes = await buffer(chunks(volume, place));
      return digestOf(bytes) === digest ? bytes : undefined;
    },
    close: () => volume.close(),
  };
}

const smallSize = 4 * 1024 * 1024;
const chunkSize = 1024 * 1024;

/** What cannot be read is missing: the hash tells, and the blob is fetched. */
async function* chunks(volume: Volume, { start, size }: BlobPlace): AsyncGenerator<Buffer> {
  for (let done = 0; done < size; ) {
    const bytes = Buffer.allocUnsafe(Math.min(chunkSize, size - done));
    const { bytesRead } = await volume.read(bytes, 0, bytes.length, start + done).catch(nothing);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
}

function nothing(): { bytesRead: number } {
  return { bytesRead: 0 };
}

async function reusable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw error instanceof AirgapError && error.class !== 'io' ? notReusable(path, error) : error;
  }
}

function notReusable(path: string, cause: AirgapError): AirgapError {
  return new AirgapError(cause.class, `nothing can be reused: ${cause.message}`, {
    given: cause.given ?? path,
    expected: 'a bundle that `airgap-bundle create` wrote',
    next: 'name another one with --reuse, or leave --reuse out',
    cause,
  });
}
