import { expect, test } from 'vitest';
import { readOptions } from '../../trials/options.ts';
import { randomOf } from '../../trials/random.ts';
import { runTrial } from '../../trials/run-trial.ts';
import { firstFailures, tableOf } from '../../trials/table.ts';
import { type Case, refused, survived, type Trial } from '../../trials/trial.ts';

const cases: readonly Case[] = [
  { name: 'holds', run: async () => survived({ tries: 1 }) },
  { name: 'holds too', run: async () => survived({ tries: 3 }) },
  { name: 'is refused', run: async () => refused() },
  { name: 'breaks', run: async () => Promise.reject(new Error('lost\nmore of it')) },
  { name: 'hangs', run: () => new Promise(() => {}), seconds: 0.01 },
];
const trial: Trial = { id: 'T99', title: 'a promise', star: true, cases: () => cases };
const options = { size: 'small', seed: 7, case: undefined } as const;
const silent = () => {};

test('a trial goes on after a failure, and its row counts all', async () => {
  const result = await runTrial(trial, options, silent);
  const [, , row] = tableOf([result]);
  expect(row).toMatch(/^\| T99★ \| a promise \| 5 \| 2 \| 1 \| 0 \| 2 \| tries 3 \| \d+ \|$/);
});

test('the first failure comes with the line that runs it alone', async () => {
  const lines = firstFailures([await runTrial(trial, options, silent)]).join('\n');
  expect(lines).toContain('T99, breaks: lost\n');
  expect(lines).toContain("npm run trials -- --only T99 --case 'breaks' --seed 7 --size small");
  expect(lines).not.toContain('hangs');
});

test('a case that hangs takes what it holds with it: the next one opens its own', async () => {
  const seen: string[] = [];
  const [hangs] = cases.filter(({ name }) => name === 'hangs');
  const next: Case = {
    name: 'next',
    run: async () => {
      seen.push('next');
      return survived();
    },
  };
  const close = async () => void seen.push('closed');
  await runTrial({ ...trial, cases: () => [hangs as Case, next], close }, options, silent);
  expect(seen).toEqual(['closed', 'next', 'closed']);
});

test('a case that is run alone meets the same random', async () => {
  const seen: number[] = [];
  const one: Case = {
    name: 'b',
    run: async (random) => {
      seen.push(random.below(1e9));
      return survived();
    },
  };
  const many: Trial = { ...trial, cases: () => [{ ...one, name: 'a' }, one] };
  await runTrial(many, options, silent);
  await runTrial(many, { ...options, case: 'b' }, silent);
  expect(seen[2]).toBe(seen[1]);
  expect(seen[1]).not.toBe(seen[0]);
});

test('the smoke selection leaves out what has no star', async () => {
  const plain = { ...trial, star: false };
  const result = await runTrial(plain, { ...options, size: 'smoke' }, silent);
  expect(result.verdicts.size + result.failures.length).toBe(0);
});

test('equal words give equal numbers', () => {
  const [a, b] = [randomOf('seed', 1), randomOf('seed', 1)];
  expect(a.bytes(64)).toEqual(b.bytes(64));
  expect(randomOf('seed', 2).bytes(64)).not.toEqual(b.bytes(64));
});

test.each([
  [['--only', 'T98'], '--only T98: unknown'],
  [['--size', 'huge'], '--size huge'],
  [['--seed', 'x'], '--seed is a whole number'],
  [['--write', '--case', 'breaks'], '--write: neither'],
  [['--write', '--smoke'], '--write: neither'],
  [['--fast'], '--fast'],
])('%j is refused', (argv, says) => {
  expect(() => readOptions(argv, [trial])).toThrow(says);
});
