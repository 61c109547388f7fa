import type { Context } from '../context.ts';
import { Gate } from './gate.ts';
import { Pace } from './pace.ts';
import { Transient } from './retry.ts';
import { WaitingWindow } from './waiting-window.ts';

/** Shorter waits are not worth a word, milliseconds. */
const shortWait = 2_000;

/** Most places of a host whose `maxConcurrent` is not given. */
const mostPlaces = 32;

/** Hosts so far. */
let hosts = 0;

type Listening = Pick<Context, 'signal' | 'emit'>;

/**
 * How many requests at a time one registry host gets from us, whoever sends them: our own client takes one place for
 * each piece of work, a process of oras one for each blob that it moves at a time.
 */
export class Places {
  /** Who needs places of several hosts enters them in this order, so that no two wait for each other. */
  readonly turn = hosts++;
  readonly #gate: Gate;
  readonly #pace: Pace;
  readonly #window = new WaitingWindow();
  readonly #context: Listening;
  #toldUntil = 0;

  /** @param most at least 1 */
  constructor(context: Listening, most = mostPlaces) {
    this.#pace = new Pace(most);
    this.#gate = new Gate(this.#pace);
    this.#context = context;
  }

  /** Waits for a place; resolves to what gives it back. */
  enter(): Promise<() => void> {
    return this.#gate.enter(this.#context.signal);
  }

  /** A place that nobody need be waited for; else undefined. */
  tryEnter(): (() => void) | undefined {
    return this.isOpen ? this.#gate.tryEnter() : undefined;
  }

  /** Whether the host takes requests at all: not while it has asked to be left alone. */
  get isOpen(): boolean {
    return this.#window.isOpen;
  }

  /**
   * Does it when the host takes requests; of those who had to wait for that one goes ahead.
   * @param budget milliseconds: it is not waited longer
   * @param signal ends the wait
   * @throws AirgapError transient where the host wants to be left alone for longer
   */
  async whenOpen<T>(
    work: () => Promise<T>,
    budget: number,
    signal = this.#context.signal,
  ): Promise<T> {
    const isBack = await this.#window.passed(budget, signal);
    try {
      return await work();
    } catch (error) {
      if (error instanceof Transient && error.isLimit) this.limited(error);
      throw error;
    } finally {
      isBack?.();
    }
  }

  /** The host wants fewer requests: none, for a while. */
  limited(failure: Transient): void {
    const wait = this.#window.close(failure);
    if (wait !== undefined) this.#tell(wait, failure);
  }

  /** Something that may pass has failed, and is tried again in so many milliseconds. */
  failing(failure: Transient, wait: number): void {
    // Who is not there at all is not helped by fewer requests.
    if (!failure.isUnreachable) this.#pace.troubled();
    this.#tell(wait, failure);
  }

  /** Once for all who wait at the same time. */
  #tell(wait: number, { failure }: Transient): void {
    const now = performance.now();
    if (wait < shortWait || now < this.#toldUntil) return;
    this.#toldUntil = now + wait;
    const seconds = Math.ceil(wait / 1000);
    const why = failure.given ? ` (${failure.given})` : '';
    const message = `${failure.message}${why}; next try in ${seconds} s`;
    this.#context.emit({ kind: 'note', message });
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
