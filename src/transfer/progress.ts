import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Emit } from '../report/events.ts';
import { type Watch, watchOras } from './oras-bytes.ts';

/** What copies by oras have moved of some blobs, before these are known to be in the target. */
export interface Copying {
  /** For the next process of oras. */
  watch(): Watch;
  /** Forgets what it was told: what arrived has been counted by then. */
  end(): void;
}

interface Moving {
  /** What is copied: an image, or a whole bundle. */
  readonly image: string;
  /** Bytes of its blobs that had not arrived when it began. */
  readonly total: number;
  readonly digests: ReadonlySet<Digest>;
  /** Bytes of its blobs that have not arrived. */
  left: number;
  /** Most that each process was seen to move. */
  readonly moved: number[];
}

/**
 * How far a transfer is: blobs that are in the target, what running copies have moved of others, and images that are
 * done. A copy never counts for more than what has not arrived of its blobs, so the sum is exact whenever none runs.
 */
export class TransferProgress {
  readonly #awaited: Set<Digest>;
  readonly #total: number;
  readonly #images: { done: number; readonly total: number };
  readonly #emit: Emit;
  readonly #copies = new Set<Moving>();
  #arrived = 0;

  /** @param needed blobs that are not in the target yet, each once */
  constructor(needed: readonly Descriptor[], images: number, emit: Emit) {
    this.#awaited = new Set(needed.map(({ digest }) => digest));
    this.#total = sum(needed.map(({ size }) => size));
    this.#images = { done: 0, total: images };
    this.#emit = emit;
  }

  /** The blob is in the target. */
  arrived({ digest, size }: Descriptor): void {
    if (!this.#awaited.delete(digest)) return;
    this.#arrived += size;
    for (const copy of this.#copies) if (copy.digests.has(digest)) copy.left -= size;
    this.#tell();
  }

  imageDone(): void {
    this.#images.done += 1;
    this.#tell();
  }

  /** @param image whose blobs they are, for people */
  copying(blobs: readonly Descriptor[], image: string): Copying {
    const awaited = blobs.filter(({ digest }) => this.#awaited.has(digest));
    const digests = new Set(awaited.map(({ digest }) => digest));
    const total = sum(awaited.map(({ size }) => size));
    const copy: Moving = { image, digests, total, left: total, moved: [] };
    this.#copies.add(copy);
    return {
      watch: () => {
        const at = copy.moved.push(0) - 1;
        return watchOras(blobs, (bytes) => {
          copy.moved[at] = Math.max(copy.moved[at] ?? 0, bytes);
          this.#tell();
        });
      },
      end: () => {
        this.#copies.delete(copy);
      },
    };
  }

  #tell(): void {
    const copies = [...this.#copies];
    const done = this.#arrived + sum(copies.map(movedBy));
    const running = runningImages(copies);
    const images = { ...this.#images };
    this.#emit({ kind: 'bytes', done, total: this.#total, images, running });
  }
}

/** What is in the system's buffers is not there: all is done when all has arrived. */
function movedBy({ left, moved }: Moving): number {
  return Math.min(Math.max(left - 1, 0), sum(moved));
}

/** Copies of one image, a platform or a repository each, are one. */
function runningImages(copies: readonly Moving[]) {
  const running = new Map<string, { image: string; done: number; total: number }>();
  for (const copy of copies.filter(({ total }) => total > 0)) {
    const { image, total, left } = copy;
    const { done, total: others } = running.get(image) ?? { done: 0, total: 0 };
    running.set(image, {
      image,
      done: done + total - left + movedBy(copy),
      total: others + total,
    });
  }
  return [...running.values()];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
