import { expect, test } from 'vitest';
import { AirgapError, canGoOn, type ErrorClass, Failures } from '../../src/report/error.ts';

test.each<[ErrorClass[], boolean]>([
  [['transient'], true],
  [['authentication', 'transient'], true],
  [['transient', 'integrity'], false],
  [['refused'], false],
  [['usage'], false],
  [['io'], true],
  [[], false],
])('the plan of a run that failed with %j is kept for the next: %s', (classes, expected) => {
  const errors = classes.map((name) => new AirgapError(name, 'it failed'));
  expect(canGoOn(new Failures('several', errors))).toBe(expected);
  if (errors.length === 1) expect(canGoOn(errors[0])).toBe(expected);
});

test('a bug keeps nothing', () => {
  expect(canGoOn(new Error('a bug'))).toBe(false);
});
