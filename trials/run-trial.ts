import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from './options.ts';
import { type Random, randomOf } from './random.ts';
import type { Case, Size, Trial, Verdict } from './trial.ts';

export interface Failure {
  readonly case: string;
  readonly why: string;
  /** What runs this case alone, with the same random. */
  readonly command: string;
}

/** What came of a trial. */
export interface TrialResult {
  readonly trial: Trial;
  /** By the names of the cases. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

export type RunOptions = Pick<Options, 'size' | 'seed' | 'case'>;

/** Of the smoke selection are those with a star, and quick ones. */
export function casesOf(trial: Trial, { size, seed, case: only }: RunOptions): readonly Case[] {
  if (size === 'smoke' && !trial.star && !trial.isQuick) return [];
  const cases = trial.cases(size, randomOf(seed, trial.id));
  return cases.filter(({ name }) => only === undefined || name === only);
}

/** The same for a case, whichever others run. */
export const randomOfCase = (seed: number, trial: Trial, { name }: Case): Random =>
  randomOf(seed, trial.id, name);

/** Runs the cases one after the other, those after a failure too. */
export async function runTrial(
  trial: Trial,
  options: RunOptions,
  say: (line: string) => void,
): Promise<TrialResult> {
  const began = performance.now();
  const verdicts = new Map<string, Verdict>();
  const failures: Failure[] = [];
  for (const one of casesOf(trial, options)) {
    try {
      verdicts.set(one.name, await withinTime(trial, one, randomOfCase(options.seed, trial, one)));
    } catch (error) {
      const command = commandOf(trial, one, options.seed, options.size);
      failures.push({ case: one.name, why: (error as Error).message, command });
      say(`${trial.id} ${one.name}: ${(error as Error).message}\n  ${command}`);
    }
  }
  await trial.close?.();
  const seconds = (performance.now() - began) / 1000;
  if (verdicts.size + failures.length > 0)
    say(
      `${trial.id} ${trial.title}: ${verdicts.size} held, ${failures.length} broken, ${seconds.toFixed(0)} s`,
    );
  return { trial, verdicts, failures, seconds };
}

/** What goes on after its time works no longer on what the next case has: that opens its own. */
export async function withinTime(trial: Trial, one: Case, random: Random): Promise<Verdict> {
  const seconds = one.seconds ?? 60;
  const limit = new AbortController();
  const tooLong = sleep(seconds * 1000, 'too long' as const, { signal: limit.signal });
  tooLong.catch(() => {});
  const verdict = await Promise.race([one.run(random), tooLong]).finally(() => limit.abort());
  if (verdict !== 'too long') return verdict;
  await trial.close?.();
  throw new Error(`no end after ${seconds} s`);
}

const commandOf = (trial: Trial, one: Case, seed: number, size: Size): string =>
  `npm run trials -- --only ${trial.id} --case '${one.name}' --seed ${seed} --size ${size}`;
