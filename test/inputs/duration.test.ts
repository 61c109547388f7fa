import { expect, test } from 'vitest';
import { parseDuration } from '../../src/inputs/duration.ts';

const hour = 3_600_000;

test.each([
  ['0s', 0],
  ['90s', 90_000],
  ['30m', 30 * 60_000],
  ['168h', 168 * hour],
  ['604800s', 168 * hour],
])('%s is %d ms', (text, milliseconds) => {
  expect(parseDuration(text, 'retryBudget')).toBe(milliseconds);
});

test.each([
  ['169h', /too long/, 'at most 168h (7 days)'],
  ['999999h', /too long/, 'at most 168h (7 days)'],
  ['999999m', /too long/, 'at most 168h (7 days)'],
  ['soon', /no length of time/, '90s, 30m or 2h'],
  ['1d', /no length of time/, '90s, 30m or 2h'],
  ['-1s', /no length of time/, '90s, 30m or 2h'],
])('%s is refused', (text, message, expected) => {
  const parse = () => parseDuration(text, 'retryBudget');
  expect(parse).toThrow(expect.objectContaining({ class: 'usage', given: text, expected }));
  expect(parse).toThrow(message);
  expect(parse).toThrow(/^retryBudget/);
});
