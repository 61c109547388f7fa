import { parseArgs } from 'node:util';
import type { Size, Trial } from './trial.ts';

export interface Options {
  readonly trials: readonly Trial[];
  /** Of each trial only the case of this name. */
  readonly case: string | undefined;
  readonly size: Size;
  readonly seed: number;
  /** Puts the figures into docs/reliability.md. */
  readonly write: boolean;
}

/** What was asked for makes no sense. */
export class UsageError extends Error {}

export const usage = (
  all: readonly Trial[],
): string => `usage: npm run trials -- [--only ID,…] [--case NAME] [--smoke | --size small|full] [--seed N] [--write]
  trials  ${all.map(({ id }) => id).join(', ')}`;

/** @throws UsageError */
export function readOptions(argv: readonly string[], all: readonly Trial[]): Options {
  const values = parsed(argv);
  const size = values.smoke ? 'smoke' : (values.size ?? 'small');
  if (!isSize(size)) throw new UsageError(`--size ${size}: smoke, small or full`);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  if (values.write && (values.case || size === 'smoke'))
    throw new UsageError('--write: neither one case nor the smoke selection makes a figure');
  if (!Number.isSafeInteger(seed)) throw new UsageError('--seed is a whole number');
  return {
    trials: chosen(values.only, all),
    case: values.case,
    size,
    seed,
    write: values.write ?? false,
  };
}

function parsed(argv: readonly string[]) {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
  const options = { only: text, case: text, size: text, seed: text, smoke: flag, write: flag };
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const isSize = (word: string): word is Size => ['smoke', 'small', 'full'].includes(word);

function chosen(words: string | undefined, all: readonly Trial[]): readonly Trial[] {
  if (words === undefined) return all;
  const ids = words.split(',').map((id) => id.trim());
  const unknown = ids.filter((id) => !all.some((trial) => trial.id === id));
  if (unknown.length > 0) throw new UsageError(`--only ${unknown.join(',')}: unknown`);
  return all.filter(({ id }) => ids.includes(id));
}
