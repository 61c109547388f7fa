import { setTimeout as sleep } from 'node:timers/promises';
import type { AirgapError } from '../report/error.ts';

/** A failure that may be gone on the next try; `failure` is what the user gets when it is not. */
export class Transient extends Error {
  override readonly name = 'Transient';
  readonly failure: AirgapError;
  /** The server's own word on when to come back, milliseconds. */
  readonly retryAfter: number | undefined;
  /** No connection at all (refused, no such name): retried for seconds, not for the whole budget. */
  readonly unreachable: boolean;

  constructor(failure: AirgapError, how: { retryAfter?: number; unreachable?: boolean } = {}) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfter = how.retryAfter;
    this.unreachable = how.unreachable ?? false;
  }
}

/** Shared by all work at one host: once one has waited in vain for a connection, the others do not wait again. */
export interface Outage {
  seen: boolean;
}

export interface RetryOptions {
  /** Milliseconds from the first try, in which a further one may start. */
  readonly budget: number;
  readonly signal: AbortSignal;
  readonly outage: Outage;
  /** Told before each wait, milliseconds. */
  onWait?(wait: number, failure: Transient): void;
}

const unreachableBudget = 5_000;
const firstBackoff = 250;
const longestBackoff = 30_000;

/** Tries until it works, fails for good, or the budget is spent; then throws the failure itself. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const start = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      options.signal.throwIfAborted();
      const result = await work();
      options.outage.seen = false;
      return result;
    } catch (thrown) {
      if (!(thrown instanceof Transient)) throw thrown;
      const wait = thrown.retryAfter ?? fullJitter(tries);
      if (overBudget(thrown, tries, performance.now() - start + wait, options)) {
        options.outage.seen = thrown.unreachable;
        throw thrown.failure;
      }
      options.onWait?.(wait, thrown);
      await sleep(wait, undefined, { signal: options.signal });
    }
  }
}

function overBudget(
  failure: Transient,
  tries: number,
  then: number,
  { budget, outage }: RetryOptions,
): boolean {
  if (!failure.unreachable) return then > budget;
  if (outage.seen) return true;
  return then > Math.min(budget, unreachableBudget) && tries > 1;
}

function fullJitter(tries: number): number {
  return Math.random() * Math.min(longestBackoff, firstBackoff * 2 ** tries);
}

/** `Retry-After` in milliseconds from now; both of its forms (RFC 9110, 10.2.3). */
export function retryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

/** One host's door: so many at a time, and nobody while the host asked to be left alone. */
export class HostGate {
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
