/** One line of the mirror map: source → target prefix, in image-swap's format (imageswap-webhook v1.5.3). */
export interface MapEntry {
  /**
   * `registry`: a source registry, `host[:port]` or `host/library`. `exact`, `replace`: `[EXACT]` and
   * `[REPLACE]` lines, their mark cut from the key. `noswap`, `default`: the two reserved keys.
   */
  readonly kind: 'registry' | 'exact' | 'replace' | 'noswap' | 'default';
  readonly key: string;
  /** Spaces dropped. For `noswap` the patterns, joined by commas. */
  readonly value: string;
  /** From 1; 0 when no file says it (`effectiveMap`). */
  readonly line: number;
  /** From 1, in UTF-16 units: the first character of the entry that is no space. */
  readonly column: number;
}

/** `error`: the webhook ignores the entry. `warning`: it is read, but hardly as meant. */
export interface MapProblem {
  readonly line: number;
  readonly column: number;
  /** The entry: as it was written, or, when it is only a warning on its meaning, without its mark. */
  readonly text: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** A parsed map: entries in the order written, duplicates kept (the later one wins, as in the webhook). */
export interface MirrorMap {
  readonly entries: readonly MapEntry[];
  readonly problems: readonly MapProblem[];
}

export const exactMark = '[EXACT]';
export const replaceMark = '[REPLACE]';
export const defaultKey = 'default';
export const noswapKey = 'noswap_wildcards';
