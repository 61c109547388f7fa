import { Gate } from './gate.ts';
import { Pace } from './pace.ts';
import type { Transient } from './retry.ts';

/** Most places of a host whose `maxConcurrent` is not given. */
const mostPlaces = 32;

/**
 * How many requests at a time one registry host gets from us, whoever sends them: our own client takes one place for
 * each piece of work, a process of oras one for each blob that it moves at a time.
 */
export class Places {
  readonly #gate: Gate;
  readonly #pace: Pace;
  readonly #signal: AbortSignal;

  /** @param most at least 1 */
  constructor(signal: AbortSignal, most = mostPlaces) {
    this.#pace = new Pace(most);
    this.#gate = new Gate(this.#pace);
    this.#signal = signal;
  }

  /** Waits for a place; resolves to what gives it back. */
  enter(): Promise<() => void> {
    return this.#gate.enter(this.#signal);
  }

  /** A place that nobody need be waited for; else undefined. */
  tryEnter(): (() => void) | undefined {
    return this.#gate.tryEnter();
  }

  /** Waits while the host has asked to be left alone. */
  opened(): Promise<void> {
    return this.#gate.opened(this.#signal);
  }

  /** Something that may pass has failed, and is tried again in so many milliseconds. */
  failing({ retryAfter, unreachable }: Transient, wait: number): void {
    // Who is not there at all is not helped by fewer requests.
    if (unreachable === undefined) this.#pace.troubled();
    if (retryAfter !== undefined) this.#gate.closeFor(wait);
  }

  /** Bytes of blobs came or went. */
  moved(bytes: number): void {
    this.#pace.moved(bytes);
  }

  /** @param latency milliseconds until the headers of a read were there */
  answered(latency: number): void {
    this.#pace.answered(latency);
  }
}
