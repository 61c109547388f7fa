import { setTimeout as sleep } from 'node:timers/promises';
import type { AirgapError } from '../report/error.ts';
import type { Event } from '../report/events.ts';

/** A failure that may be gone on the next try; `failure` is what the user gets when it is not. */
export class Transient extends Error {
  override readonly name = 'Transient';
  readonly failure: AirgapError;
  /** The server's own word on when to come back, milliseconds. */
  readonly retryAfter: number | undefined;
  /** The origin that no connection could be made to: unless it has answered before, it is waited for some seconds. */
  readonly unreachable: string | undefined;

  constructor(failure: AirgapError, how: { retryAfter?: number; unreachable?: string } = {}) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfter = how.retryAfter;
    this.unreachable = how.unreachable;
  }
}

/** What a run knows of the origins that it asks. */
export interface Reach {
  /** They are there: when they are gone, it is worth waiting for them. */
  readonly answered: Set<string>;
  /** Somebody waited for them in vain: nobody else does, until they answer. */
  readonly missed: Set<string>;
}

/** @param wait milliseconds */
export function waitNote(wait: number, { failure }: Transient): Event {
  const message = `${failure.message}; next try in ${Math.ceil(wait / 1000)} s`;
  return { kind: 'note', message };
}

export interface RetryOptions {
  /** Milliseconds from the first try, or from the last progress, in which a further one may start. */
  readonly budget: number;
  readonly signal: AbortSignal;
  readonly reach: Reach;
  /** Told before each wait, milliseconds. */
  onWait?(wait: number, failure: Transient): void;
}

/** How long a request or a copy is tried again where nothing else is said. */
export const tenMinutes = 600_000;

const unreachableBudget = 5_000;
const firstBackoff = 250;
const longestBackoff = 30_000;

/** Tries until it works, fails for good, or the budget is spent; then throws the failure itself. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const attempts = new Attempts(options);
  for (;;) {
    try {
      options.signal.throwIfAborted();
      return await work();
    } catch (thrown) {
      await attempts.pauseAfter(thrown);
    }
  }
}

/** The tries of one piece of work: when the next one may start, and when it is enough. */
export class Attempts {
  readonly #options: RetryOptions;
  #start = performance.now();
  #tries = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Something arrived that need not be asked for again: tries and budget count from here. */
  progressed(): void {
    this.#start = performance.now();
    this.#tries = 0;
  }

  /** Waits until the next try may start. @throws what was thrown, when trying again does not help or not any more */
  async pauseAfter(thrown: unknown, signal = this.#options.signal): Promise<void> {
    if (!(thrown instanceof Transient)) throw thrown;
    this.#tries++;
    const wait = Math.max(thrown.retryAfter ?? 0, fullJitter(this.#tries));
    if (this.#isEnough(thrown, performance.now() - this.#start + wait)) {
      if (thrown.unreachable !== undefined) this.#options.reach.missed.add(thrown.unreachable);
      throw thrown.failure;
    }
    this.#options.onWait?.(wait, thrown);
    await sleep(wait, undefined, { signal });
  }

  #isEnough({ unreachable }: Transient, then: number): boolean {
    const { budget, reach } = this.#options;
    if (unreachable === undefined) return then > budget;
    if (reach.missed.has(unreachable)) return true;
    const isKnown = reach.answered.has(unreachable);
    return then > (isKnown ? budget : Math.min(budget, unreachableBudget)) && this.#tries > 1;
  }
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
