import { setTimeout as sleep } from 'node:timers/promises';
import { AirgapError } from '../report/error.ts';
import { runAgain } from './failures.ts';
import type { Transient } from './retry.ts';

/** The first one without a word of the host on how long, milliseconds; further ones in a row double. */
const firstWait = 500;
const longestWait = 30_000;

/**
 * The time in which a host wants no requests of ours (429, or Retry-After). When it is over one request goes ahead, and
 * the others follow when that one has been answered: a host that is not ready yet meets one of us, not all.
 */
export class WaitingWindow {
  #closed: { readonly until: number; readonly failure: AirgapError } | undefined;
  #scouting: Promise<void> | undefined;
  #inARow = 0;

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** @returns milliseconds that it lasts, if it begins now; undefined while it lasts already */
  close({ failure, retryAfter = 0 }: Transient): number | undefined {
    const now = performance.now();
    const lasts = this.#closed?.until ?? 0;
    const begins = now >= lasts;
    if (begins) this.#inARow++;
    const wait = Math.max(retryAfter, begins ? backoff(this.#inARow) : 0);
    this.#closed = { until: Math.max(now + wait, lasts), failure };
    return begins ? wait : undefined;
  }

  /**
   * Waits while it lasts.
   * @returns for who goes ahead what to call when the answer is there; undefined for all others
   * @throws AirgapError the failure that began it, at once, where it lasts longer than the budget (milliseconds)
   */
  async passed(budget: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    while (this.#closed !== undefined) {
      signal.throwIfAborted();
      const wait = this.#closed.until - performance.now();
      if (wait > budget) throw later(this.#closed.failure, wait);
      if (wait > 0) await sleep(wait, undefined, { signal });
      else if (this.#scouting === undefined) return this.#goAhead();
      else await this.#scouting;
    }
    return undefined;
  }

  #goAhead(): () => void {
    let back = (): void => {};
    this.#scouting = new Promise((resolve) => {
      back = resolve;
    });
    return () => {
      this.#scouting = undefined;
      if (this.#closed !== undefined && performance.now() >= this.#closed.until) this.#open();
      back();
    };
  }

  #open(): void {
    this.#closed = undefined;
    this.#inARow = 0;
  }
}

function backoff(inARow: number): number {
  const most = Math.min(longestWait, firstWait * 2 ** (inARow - 1));
  return most * (0.5 + Math.random() / 2);
}

/** The same failure for somebody who comes later. */
function later(failure: AirgapError, wait: number): AirgapError {
  const { class: name, message, given } = failure;
  return new AirgapError(name, message, { given, next: runAgain(wait), cause: failure });
}
