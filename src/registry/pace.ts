/** What a stretch of time with a registry showed. */
export interface Window {
  /** Work done in a second, in requests; `bytesOfRequest` count as one. */
  readonly rate: number;
  /** Mean milliseconds until a read was answered; undefined without any. */
  readonly latency: number | undefined;
  /** Whether somebody waited for most of the places that became free. */
  readonly isFull: boolean;
}

/** How many requests at a time, and what led there. */
export interface Standing {
  readonly places: number;
  /** The last full window at this size; undefined after a halving. */
  readonly last?: Window;
  /** Places before the last step, while it is not known whether that pays. */
  readonly before?: number;
  /** Full windows to wait before the next step. */
  readonly rest: number;
  /** Rests after the next step that does not pay. */
  readonly nextRest: number;
}

/** Places without a word from the registry: to have as many needs no proof. */
const start = 16;
/** Places more at a time, beyond those. */
const step = 8;
const firstRest = 2;
const longestRest = 32;
/** Below this nobody is overloaded, milliseconds. */
const shortLatency = 200;
/** A request costs as much as so many bytes: more or less, links differ. */
const bytesOfRequest = 64 * 1024;
/** Milliseconds that a window lasts at least; also as many ends of work as there are places. */
const shortest = 250;

export function firstStanding(most: number): Standing {
  return { places: Math.min(start, most), rest: 0, nextRest: firstRest };
}

/**
 * Additive increase, multiplicative decrease. Up to 16 places grow by one a window. Beyond, 8 more are tried, and kept
 * where they bring at least half of what they would if nothing else were the limit; else the step is taken back, and
 * the next one is tried ever later. Only windows in which places were wanting count.
 */
export function afterWindow(standing: Standing, window: Window, most: number): Standing {
  if (!window.isFull) return standing;
  if (isChoking(standing, window)) return halved(standing);
  const { places, before, rest, nextRest } = standing;
  if (before !== undefined && !pays(standing, window)) {
    const longer = Math.min(longestRest, nextRest * 2);
    return { places: before, last: window, rest: nextRest, nextRest: longer };
  }
  const kept = { last: window, nextRest: before === undefined ? nextRest : firstRest };
  if (rest > 0) return { places, ...kept, rest: rest - 1 };
  if (places >= most) return { places, ...kept, rest };
  if (places < start) return { places: places + 1, ...kept, rest };
  return { places: Math.min(most, places + step), ...kept, before: places, rest };
}

/** After 429, a 5xx or a connection that broke: the full window that comes next only tells what is normal now. */
export function halved({ places, nextRest }: Standing): Standing {
  return { places: Math.max(1, Math.floor(places / 2)), rest: 1, nextRest };
}

function pays({ places, before = places, last }: Standing, { rate }: Window): boolean {
  const expected = 1 + (places / before - 1) / 2;
  return last === undefined || rate >= last.rate * expected;
}

/** Answers take far longer than just before, and no more gets done. */
function isChoking({ last }: Standing, { latency, rate }: Window): boolean {
  if (last?.latency === undefined || latency === undefined) return false;
  return latency > shortLatency && latency > 3 * last.latency && rate <= last.rate;
}

/** Decides how many places the gate of a registry has, from what it sees. Times are those of `performance.now()`. */
export class Pace {
  readonly #most: number;
  #standing: Standing;
  #opened = 0;
  #ends = 0;
  #waits = 0;
  #bytes = 0;
  #answers = 0;
  #latencies = 0;
  #isTroubled = false;

  /** @param most places, at least 1 */
  constructor(most: number) {
    this.#most = most;
    this.#standing = firstStanding(most);
  }

  get places(): number {
    return this.#standing.places;
  }

  /** The first one is at work after a pause: what was before it says nothing about the rate. */
  began(now: number): void {
    this.#open(now);
  }

  /** Bytes of a blob came or went. */
  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  /** @param latency milliseconds until the headers of a read were there */
  answered(latency: number): void {
    this.#answers++;
    this.#latencies += latency;
  }

  /** The registry asked for less, or broke under it. Of several in one window one counts. */
  troubled(): void {
    if (!this.#isTroubled) this.#standing = halved(this.#standing);
    this.#isTroubled = true;
  }

  /** A piece of work has left its place; `isWanted`: somebody waits for it. */
  ended(now: number, isWanted: boolean): void {
    this.#ends++;
    if (isWanted) this.#waits++;
    const elapsed = now - this.#opened;
    if (elapsed < shortest || this.#ends < this.places) return;
    if (!this.#isTroubled)
      this.#standing = afterWindow(this.#standing, this.#seen(elapsed), this.#most);
    this.#open(now);
    this.#isTroubled = false;
  }

  #seen(elapsed: number): Window {
    return {
      rate: ((this.#ends + this.#bytes / bytesOfRequest) / elapsed) * 1_000,
      latency: this.#answers === 0 ? undefined : this.#latencies / this.#answers,
      isFull: this.#waits * 2 > this.#ends,
    };
  }

  #open(now: number): void {
    this.#opened = now;
    this.#ends = this.#waits = this.#bytes = this.#answers = this.#latencies = 0;
  }
}
