import { expect, test } from 'vitest';
import { parseShardCount, parseShardName } from '../../src/inputs/shard.ts';

test.each(['0', '-1', '257', '1.5', 'many', ''])('%j is no number of shards', (text) => {
  expect(() => parseShardCount(text)).toThrow(
    expect.objectContaining({ class: 'usage', message: '--shards is no number of shards' }),
  );
});

test.each(['0/3', '4/3', '1/257', '1', '1/', 'a/b', '01/3'])('%j names no shard', (text) => {
  expect(() => parseShardName(text)).toThrow(
    expect.objectContaining({ class: 'usage', message: '--shard names no shard', given: text }),
  );
});

test('the most that a matrix may have', () => {
  expect(parseShardCount('256')).toBe(256);
  expect(parseShardName('256/256')).toEqual({ number: 256, count: 256 });
});
