import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Emit } from '../report/events.ts';

const stride = 256 * 1024;

/** @returns a counter of bytes done that emits a `bytes` event every 256 KiB and at the end. */
export function byteProgress(total: number, emit: Emit): (bytes: number) => void {
  return counter(total, (done) => emit({ kind: 'bytes', done, total }));
}

function counter(total: number, tell: (done: number) => void): (bytes: number) => void {
  let done = 0;
  let told = 0;
  return (bytes) => {
    done += bytes;
    if (done - told < stride && done < total) return;
    told = done;
    tell(done);
  };
}

/** An image, and the blobs that are written for it: each blob is one image's. */
export interface ImageBlobs {
  /** As the user wrote it. */
  readonly image: string;
  readonly blobs: readonly Digest[];
}

type Sized = Pick<Descriptor, 'digest' | 'size'>;

/** How far the blobs of a bundle are, and the images that they are of. */
export interface BlobsProgress {
  /** For one blob, while it is written. */
  begin(blob: Sized): { read(bytes: number): void; end(): void };
}

interface Packing {
  readonly image: string;
  readonly blobs: number;
  done: number;
  total: number;
  /** Blobs being written, and blobs that are not finished. */
  open: number;
  left: number;
}

/**
 * Emits `bytes` with the images that are under way, and `packed` for each that is whole: one with no blobs of its own is
 * when all blobs are.
 */
export function blobsProgress(
  blobs: readonly Sized[],
  images: readonly ImageBlobs[],
  emit: Emit,
): BlobsProgress {
  const total = totalSize(blobs);
  const packings = packingsOf(blobs, images);
  const homes = new Map(
    images.flatMap((one, at) => one.blobs.map((digest) => [digest, packings[at]] as const)),
  );
  let left = blobs.length;
  const isWhole = (one: Packing) => one.left === 0 && (hasOwn(one) || left === 0);
  const tell = counter(total, (done) => {
    const finished = packings.filter(isWhole).length;
    const running = packings.filter(({ open }) => open > 0);
    const about = {
      images: { done: finished, total: packings.length },
      running: running.map(shown),
    };
    emit({ kind: 'bytes', done, total, ...(packings.length > 0 && about) });
  });
  const finish = ({ image }: Packing) => emit({ kind: 'image', image, state: 'packed' });
  const finishShared = () => {
    if (left === 0) for (const one of packings) if (!hasOwn(one)) finish(one);
  };
  finishShared();
  return {
    begin: ({ digest }) => {
      const packing = homes.get(digest);
      if (packing) packing.open += 1;
      const read = (bytes: number) => {
        if (packing) packing.done += bytes;
        tell(bytes);
      };
      const end = () => {
        left -= 1;
        if (packing) {
          packing.open -= 1;
          packing.left -= 1;
          if (packing.left === 0) finish(packing);
        }
        finishShared();
        tell(0);
      };
      return { read, end };
    },
  };
}

/** Else every blob of it is counted for another image. */
function hasOwn({ blobs }: Packing): boolean {
  return blobs > 0;
}

function packingsOf(blobs: readonly Sized[], images: readonly ImageBlobs[]): Packing[] {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return images.map(({ image, blobs: own }) => {
    const written = own.filter((digest) => sizes.has(digest));
    const total = written.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
    return { image, blobs: written.length, done: 0, total, open: 0, left: written.length };
  });
}

function shown({ image, done, total }: Packing) {
  return { image, done, total };
}
