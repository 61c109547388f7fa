import { readFileSync } from 'node:fs';
import { judge } from '../test/recorded/judge.ts';
import { readRecords } from '../test/recorded/records.ts';

/**
 * Compares what tests made go wrong with docs/reference/errors.md. `npm run errors`: what the last run of each test
 * file here leaves. With `--after-run`: of the test files that standard input names; ends with 1 where it fails.
 */
function main(argv: readonly string[]): number {
  if (argv[0] !== '--after-run') {
    const { missing, unknown } = judge(readRecords());
    tell('errors in docs/reference/errors.md that no test has produced here', missing, writeTest);
    tell('errors that tests have produced here and that are not in it', unknown, runDocs);
    return 0;
  }
  const { ran, isWhole } = JSON.parse(readFileSync(0, 'utf8')) as Run;
  const { missing, unknown } = judge(readRecords(new Set(ran)));
  tell('errors that tests produced are not in docs/reference/errors.md', unknown, runDocs);
  if (isWhole) tell('errors in docs/reference/errors.md that no test produced', missing, writeTest);
  return unknown.length + (isWhole ? missing.length : 0) === 0 ? 0 : 1;
}

interface Run {
  /** From the root of the project. */
  readonly ran: readonly string[];
  /** All tests, and all passed. */
  readonly isWhole: boolean;
}

const runDocs = 'scripts/errors reads them otherwise than they are: see scripts/errors/by-hand.ts';
const writeTest = 'add a test that produces each, or take it out of the code';

function tell(what: string, lines: readonly string[], cure: string): void {
  if (lines.length > 0) console.log(`${lines.length} ${what}: ${cure}\n  ${lines.join('\n  ')}\n`);
}

process.exitCode = main(process.argv.slice(2));
