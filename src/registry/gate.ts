/** How many may be inside, which may change while they are, and who is told of their coming and going. */
export interface Size {
  readonly places: number;
  /** One comes into an empty gate. Times are those of `performance.now()`. */
  began?(now: number): void;
  /** One has left; `isWanted`: somebody waits for a place. */
  ended?(now: number, isWanted: boolean): void;
}

/**
 * One door: so many at a time, first come first served. Who is inside when there are fewer places than before stays.
 */
export class Gate {
  readonly #size: Size;
  #inside = 0;
  readonly #queue: (() => void)[] = [];

  constructor(size: Size) {
    this.#size = size;
  }

  /** Resolves to the function that gives the place back (once, however often it is called). */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const entered = this.#enterNow();
    if (entered !== undefined) return entered;
    await this.#turn(signal);
    return this.#place();
  }

  /** As `enter` where nobody need be waited for; else undefined. */
  tryEnter(): (() => void) | undefined {
    return this.#enterNow();
  }

  #enterNow(): (() => void) | undefined {
    if (this.#queue.length > 0 || this.#inside >= this.#size.places) return undefined;
    if (this.#inside++ === 0) this.#size.began?.(performance.now());
    return this.#place();
  }

  #place(): () => void {
    let inside = true;
    return () => {
      if (inside) this.#leave();
      inside = false;
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = () => {
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = () => {
        this.#queue.splice(this.#queue.indexOf(called), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#queue.push(called);
    });
  }

  #leave(): void {
    this.#inside--;
    this.#size.ended?.(performance.now(), this.#queue.length > 0);
    while (this.#queue.length > 0 && this.#inside < this.#size.places) {
      this.#inside++;
      this.#queue.shift()?.();
    }
  }
}
