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

  copying(blobs: readonly Descriptor[]): Copying {
    const awaited = blobs.filter(({ digest }) => this.#awaited.has(digest));
    const digests = new Set(awaited.map(({ digest }) => digest));
    const copy: Moving = { digests, left: sum(awaited.map(({ size }) => size)), moved: [] };
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
    // What is in the system's buffers is not there: all is done when all has arrived.
    const moved = [...this.#copies].map(({ left, moved }) =>
      Math.min(Math.max(left - 1, 0), sum(moved)),
    );
    const done = this.#arrived + sum(moved);
    this.#emit({ kind: 'bytes', done, total: this.#total, images: { ...this.#images } });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
