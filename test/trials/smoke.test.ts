import { afterAll, describe, test } from 'vitest';
import { trials } from '../../trials/all.ts';
import { casesOf, randomOfCase, withinTime } from '../../trials/run-trial.ts';

/** Another seed, and every case: `npm run trials`. */
const options = { size: 'smoke', seed: 1, case: undefined } as const;

const chosen = trials.filter((trial) => casesOf(trial, options).length > 0);

describe.each(chosen.map((trial) => ({ ...trial, trial })))('$id $title', ({ trial }) => {
  afterAll(() => trial.close?.());

  const named = casesOf(trial, options).map((one) => [one.name, one] as const);

  test.each(named)('%s', { timeout: 600_000 }, async (_, one) => {
    await withinTime(trial, one, randomOfCase(options.seed, trial, one));
  });
});
