/**
 * The promises of docs/reliability.md, tried on real registries: `npm run trials -- --only T20,T27 --seed 7`.
 * Exits with 1 when one is broken.
 */

import { useProgram } from '../test/helpers/job.ts';
import { trials } from './all.ts';
import { writeDocument } from './document.ts';
import { type Options, readOptions, UsageError, usage } from './options.ts';
import { copyProgram } from './program.ts';
import { runTrial, type TrialResult } from './run-trial.ts';
import { firstFailures, tableOf } from './table.ts';

async function main(options: Options): Promise<void> {
  useProgram(copyProgram());
  const results: TrialResult[] = [];
  for (const trial of options.trials) results.push(await runTrial(trial, options, say));
  for (const line of [...tableOf(results), ...firstFailures(results)]) console.log(line);
  if (results.every(({ verdicts, failures }) => verdicts.size + failures.length === 0))
    throw new UsageError(
      `nothing of that is in the ${options.size} selection: --size small has more`,
    );
  if (options.write) await writeDocument(results, options);
  if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

function say(line: string): void {
  console.error(`trials: ${line}`);
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => process.exit(code));

try {
  const options = readOptions(process.argv.slice(2), trials);
  say(`seed ${options.seed}, size ${options.size}`);
  await main(options);
  process.exit();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${usage(trials)}`);
  process.exitCode = 2;
}
