import type { Options } from './options.ts';
import type { TrialResult } from './run-trial.ts';

export async function writeDocument(
  _results: readonly TrialResult[],
  _options: Options,
): Promise<void> {
  throw new Error('not yet');
}
