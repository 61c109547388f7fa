import { setTimeout as sleep } from 'node:timers/promises';
import { AirgapError } from '../report/error.ts';

/** A failure that may be gone on the next try; `failure` is what the user gets when it is not. */
export class Transient extends Error {
  override readonly name = 'Transient';
  readonly failure: AirgapError;
  /** The server's own word on when to come back, milliseconds. */
  readonly retryAfter: number | undefined;
  /** Who has failed; undefined where that is not known. */
  readonly origin: string | undefined;
  /** No connection could be made: unless the origin has answered before, it is waited for some seconds. */
  readonly isUnreachable: boolean;
  /** The host wants fewer requests, and not this one alone. */
  readonly isLimit: boolean;

  constructor(failure: AirgapError, how: TransientHow = {}) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfter = how.retryAfter;
    this.origin = how.origin;
    this.isUnreachable = how.isUnreachable ?? false;
    this.isLimit = how.isLimit ?? false;
  }
}

interface TransientHow {
  readonly retryAfter?: number | undefined;
  readonly origin?: string;
  readonly isUnreachable?: boolean;
  readonly isLimit?: boolean;
}

/** What a run knows of the origins that it asks. */
export interface Reach {
  /**
   * They are there: when they are gone, it is worth waiting for them. When they last answered with something else
   * than "not now", by `performance.now()`; 0: never.
   */
  readonly answered: Map<string, number>;
  /** Somebody waited for them in vain: nobody else does, until they answer. */
  readonly missed: Set<string>;
}

export interface RetryOptions {
  /** Milliseconds from the first failure since anything was gained, in which a further try may start. */
  readonly budget: number;
  readonly signal: AbortSignal;
  /** Absent where nothing is known of origins. */
  readonly reach?: Reach;
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

/** Content that differs from its digest is worth one more try: a bit that flipped on the way does not flip again. */
export async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'integrity')) throw error;
    return work();
  }
}

/** The tries of one piece of work: when the next one may start, and when it is enough. */
export class Attempts {
  readonly #options: RetryOptions;
  #failingSince: number | undefined;
  #tries = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Something arrived that need not be asked for again: tries and budget count anew. */
  progressed(): void {
    this.#failingSince = undefined;
    this.#tries = 0;
  }

  /** What the budget has left, milliseconds. */
  get left(): number {
    const { budget } = this.#options;
    return budget - (performance.now() - (this.#failingSince ?? performance.now()));
  }

  /** Waits until the next try may start. @throws what was thrown, when trying again does not help or not any more */
  async pauseAfter(thrown: unknown, signal = this.#options.signal): Promise<void> {
    if (!(thrown instanceof Transient)) throw thrown;
    const now = performance.now();
    this.#failingSince ??= now;
    this.#tries++;
    // Whoever limits all of us is left alone ever longer by all of us (waiting-window.ts).
    const backoff = fullJitter(thrown.isLimit ? 1 : this.#tries);
    const wait = Math.max(thrown.retryAfter ?? 0, backoff);
    if (this.#isEnough(thrown, now - this.#failingSince + wait)) {
      this.#giveUp(thrown, this.#failingSince);
      throw thrown.failure;
    }
    this.#options.onWait?.(wait, thrown);
    await sleep(wait, undefined, { signal });
  }

  #isEnough({ origin, isUnreachable }: Transient, then: number): boolean {
    const { budget, reach } = this.#options;
    if (origin !== undefined && reach?.missed.has(origin)) return true;
    if (!isUnreachable || origin === undefined) return then > budget;
    const isKnown = reach?.answered.has(origin);
    return then > (isKnown ? budget : Math.min(budget, unreachableBudget)) && this.#tries > 1;
  }

  /** Unless it answered others meanwhile. */
  #giveUp({ origin }: Transient, failingSince: number): void {
    const { reach } = this.#options;
    if (reach === undefined || origin === undefined) return;
    if ((reach.answered.get(origin) ?? 0) < failingSince) reach.missed.add(origin);
  }
}

/** Milliseconds: anything up to a bound that doubles (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
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
