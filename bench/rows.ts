import type { Result } from './rounds.ts';
import type { Run } from './step.ts';
import type { Contestant } from './works.ts';

/** A contestant's runs of one work. */
export interface Row {
  readonly contestant: Contestant;
  readonly runs: readonly Run[];
  /** The run with the median of the seconds that count. */
  readonly median: Run;
}

export function rowsOf(results: readonly Result[]): Row[] {
  const all = [...new Set(results.map(({ contestant }) => contestant))];
  return all.map((contestant) => {
    const runs = results.filter((result) => result.contestant === contestant).map(({ run }) => run);
    const sorted = runs.toSorted((a, b) => counted(a) - counted(b));
    return { contestant, runs, median: sorted[sorted.length >> 1] as Run };
  });
}

/** Seconds that are compared: `load` without the verification before it, which is reported apart. */
export const counted = ({ seconds, firstPart = 0 }: Run): number => seconds - firstPart;

export const most = (runs: readonly Run[], of: (run: Run) => number): number =>
  Math.max(...runs.map(of));

export const mebi = (bytes: number): string => (bytes / 1024 / 1024).toFixed(bytes < 10e6 ? 1 : 0);
