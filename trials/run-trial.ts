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

/** Of the smoke selection are those with a star alone. */
export function casesOf(trial: Trial, { size, seed, case: only }: RunOptions): readonly Case[] {
  if (size === 'smoke' && !trial.star) return [];
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
      verdicts.set(one.name, await withinTime(one, randomOfCase(options.seed, trial, one)));
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

export async function withinTime(one: Case, random: Random): Promise<Verdict> {
  const seconds = one.seconds ?? 60;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([one.run(random), tooLong]).finally(() => clearTimeout(timer));
}

const commandOf = (trial: Trial, one: Case, seed: number, size: Size): string =>
  `npm run trials -- --only ${trial.id} --case '${one.name}' --seed ${seed} --size ${size}`;
