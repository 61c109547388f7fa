import { type RunningHash, stride } from './hash-threads.ts';

/** Hashes a range of a volume while it is being written: the bytes up to the first that is missing. */
export class TrailingHash {
  readonly #hash: RunningHash;
  /** Ranges behind the first gap, by where they start. */
  readonly #ahead = new Map<number, number>();
  #hashed: number;
  #complete: number;
  #following: Promise<void> | undefined;
  #failure: unknown;

  constructor(hash: RunningHash, start: number) {
    this.#hash = hash;
    this.#hashed = start;
    this.#complete = start;
  }

  /** These bytes stay as they are now. Ranges come in any order, each once. */
  written(start: number, end: number): void {
    if (start === end) return;
    this.#ahead.set(start, end);
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#complete = next;
    if (this.#hashed < this.#complete) this.#following ??= this.#follow();
  }

  /** Hex, when every byte up to `end` was written. @throws AirgapError io */
  async digest(end: number): Promise<string> {
    await this.#following;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#hashed !== end) throw new Error(`bytes ${this.#hashed} to ${end} were not written`);
    return this.#hash.digest();
  }

  /** Where nobody wants the digest. */
  drop(): void {
    this.#hash.drop();
  }

  #next(): number | undefined {
    const end = this.#ahead.get(this.#complete);
    this.#ahead.delete(this.#complete);
    return end;
  }

  async #follow(): Promise<void> {
    try {
      while (this.#hashed < this.#complete) {
        const length = Math.min(stride, this.#complete - this.#hashed);
        await this.#hash.update(this.#hashed, length);
        this.#hashed += length;
      }
      this.#following = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }
}
