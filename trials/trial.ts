import type { Random } from './random.ts';

/** `smoke` is what `npm test` runs, `small` takes minutes, of `full` are the figures in docs/reliability.md. */
export type Size = 'smoke' | 'small' | 'full';

/** One promise, and the cases that would show it broken. */
export interface Trial {
  /** `T27`; also what `--only` takes. */
  readonly id: string;
  /** What is promised, in a few words. */
  readonly title: string;
  /** Among those that matter most: the smoke selection is made of these. */
  readonly star: boolean;
  /** In the smoke selection all the same: its few cases there take a second or two. */
  readonly isQuick?: true;
  /** Equal size and random give equal cases. A name is unique within its trial. */
  cases(size: Size, random: Random): readonly Case[];
  /** Ends what its cases share; a case after that opens it anew. */
  close?(): Promise<void>;
}

export interface Case {
  readonly name: string;
  /** More than that is a failure: something hangs. Default 60. */
  readonly seconds?: number;
  /** Rejects when the promise is broken. `random` follows from the seed, the trial and this case's name alone. */
  run(random: Random): Promise<Verdict>;
}

export interface Verdict {
  /** `not applicable`: this cannot happen here; it is counted apart. */
  readonly end: 'survived' | 'refused' | 'not applicable';
  /** Counts worth a line in the table, by name: of a trial's cases the largest is shown. */
  readonly figures?: Readonly<Record<string, number>>;
}

export const survived = (figures: Readonly<Record<string, number>> = {}): Verdict => ({
  end: 'survived',
  figures,
});

/** Refused as it should be. */
export const refused = (figures: Readonly<Record<string, number>> = {}): Verdict => ({
  end: 'refused',
  figures,
});

export const notApplicable: Verdict = { end: 'not applicable' };
