import type { HashThreads } from './hash-threads.ts';
import { TrailingHash } from './trailing-hash.ts';
import type { Volume } from './volume.ts';

/** What the files of a bundle hash to, and all of them one after the other; hex. */
export interface Sums {
  readonly sha256: string;
  /** Of the one file, or of each part. */
  readonly files: readonly string[];
}

/** The sums of a volume, made while it is written. */
export class VolumeSums {
  readonly #whole: SummedRange;
  readonly #files: readonly SummedRange[];

  constructor({ size, parts, isSplit }: Volume, threads: HashThreads) {
    const range = ({ start, end }: { start: number; end: number }): SummedRange => ({
      start,
      end,
      hash: new TrailingHash(threads.start(), start),
    });
    this.#whole = range({ start: 0, end: size });
    this.#files = isSplit ? parts.map(range) : [];
  }

  /** These bytes stay as they are now. */
  written(start: number, end: number): void {
    for (const range of [this.#whole, ...this.#files]) {
      const from = Math.max(start, range.start);
      const to = Math.min(end, range.end);
      if (from < to) range.hash.written(from, to);
    }
  }

  /** When every byte was written. @throws AirgapError io */
  async finish(): Promise<Sums> {
    const sumOf = ({ hash, end }: SummedRange) => hash.digest(end);
    const [sha256, ...files] = await Promise.all([this.#whole, ...this.#files].map(sumOf));
    if (sha256 === undefined) throw new Error('a volume has a sum');
    return { sha256, files: files.length > 0 ? files : [sha256] };
  }
}

interface SummedRange {
  readonly start: number;
  readonly end: number;
  readonly hash: TrailingHash;
}
