import { setTimeout as sleep } from 'node:timers/promises';

/** One door: so many at a time, first come first served, and nobody while it is closed. */
export class Gate {
  #free: number;
  #closedUntil = 0;
  readonly #queue: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves to the function that gives the place back (once, however often it is called). */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let inside = true;
    return () => {
      if (inside) this.#leave();
      inside = false;
    };
  }

  /** Keeps everyone out for so many milliseconds. */
  closeFor(wait: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, performance.now() + wait);
  }

  async opened(signal: AbortSignal): Promise<void> {
    for (;;) {
      const wait = this.#closedUntil - performance.now();
      if (wait <= 0) return;
      await sleep(wait, undefined, { signal });
    }
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
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
