import { relative } from 'node:path';
import type { TestProject } from 'vitest/node';
import { judge } from './judge.ts';
import { readRecords } from './records.ts';

let project: TestProject;

export function setup(started: TestProject): void {
  project = started;
}

/**
 * After the last test: whatever went wrong in them must be in docs/reference/errors.md, and after a run of all tests
 * that all passed everything there must have gone wrong in one of them. Else the run fails.
 */
export async function teardown(): Promise<void> {
  const { vitest, config } = project;
  const modules = vitest.state.getTestModules();
  const ran = new Set(modules.map(({ moduleId }) => relative(config.root, moduleId)));
  const { missing, unknown } = judge(readRecords(ran));
  const all = await project.globTestFiles();
  const isWhole =
    all.testFiles.every((path) => ran.has(relative(config.root, path))) &&
    config.testNamePattern === undefined &&
    modules.every((module) => module.ok());
  tell('errors that tests produced are not in docs/reference/errors.md', unknown, runDocs);
  if (isWhole) tell('errors in docs/reference/errors.md that no test produced', missing, writeTest);
}

const runDocs =
  'where the sources make them they are read from there: see scripts/errors, and run npm run docs';
const writeTest = 'add a test that produces each, or take it out of the code';

function tell(what: string, lines: readonly string[], cure: string): void {
  if (lines.length === 0) return;
  console.error(`\n${lines.length} ${what}:\n  ${lines.join('\n  ')}\n${cure}\n`);
  // What is thrown here is printed, and the run passes all the same.
  process.exitCode = 1;
}
