import { AirgapError } from '../report/error.ts';

/** One of the runs that carry out a plan together. */
export interface ShardName {
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

/** So many jobs a matrix of GitHub's may have. */
export const mostShards = 256;

/** What a person wrote for `--shards`. @throws AirgapError usage */
export function parseShardCount(text: string): number {
  const count = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostShards) return count;
  throw new AirgapError('usage', '--shards is no number of shards', {
    given: text,
    expected: `a whole number from 1 to ${mostShards}, the most jobs that a matrix can have`,
  });
}

/** What a person wrote for `--shard`. @throws AirgapError usage */
export function parseShardName(text: string): ShardName {
  const [, number, count] = (/^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(text) ?? []).map(Number);
  if (number && count && number <= count && count <= mostShards) return { number, count };
  throw new AirgapError('usage', '--shard names no shard', {
    given: text,
    expected: `I/N, such as 1/3: I from 1 to N, N at most ${mostShards}`,
    next: 'take it from the matrix that plan --shards N prints',
  });
}

/** `1/3`. */
export function shardText({ number, count }: ShardName): string {
  return `${number}/${count}`;
}
