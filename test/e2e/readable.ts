import { expect } from 'vitest';
import type { Ended, Outcome } from '../helpers/job.ts';

/**
 * Holds a run with `--output json` that ended badly to its exit code and to a message worth reading: what
 * failed in these words, what was given or what to do, no stack; the same as one JSON document.
 */
export function expectReadable(
  { stderr, json, exitCode }: Ended<Outcome>,
  code: number,
  says: readonly (string | RegExp)[],
): void {
  for (const words of says) {
    if (typeof words === 'string') expect(stderr).toContain(words);
    else expect(stderr).toMatch(words);
  }
  expect(exitCode, stderr).toBe(code);
  expect(stderr).toMatch(/^error: \S/m);
  expect(stderr).toMatch(/^ {2}(given|expected|next): +\S/m);
  expect(stderr).not.toMatch(/this is a bug|^ +at .*:\d+:\d+/m);
  expect(Math.min(...json.errors.map((error) => error.exitCode))).toBe(code);
}
