import { join, relative } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';

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
  const ran = modules.map(({ moduleId }) => relative(config.root, moduleId));
  const { testFiles } = await project.globTestFiles();
  const isWhole =
    testFiles.every((path) => ran.includes(relative(config.root, path))) &&
    (config.dir === undefined || config.dir === config.root) &&
    config.testNamePattern === undefined &&
    modules.every((module) => module.ok());
  // By a process of its own: reading the sources would hold up the end of the workers.
  const judge = join(import.meta.dirname, '../../scripts/missing-errors.ts');
  const runner = join(import.meta.dirname, '../../scripts/run-ts.mjs');
  const input = JSON.stringify({ ran, isWhole });
  const { exitCode, all } = await execa('node', [runner, judge, '--after-run'], {
    input,
    all: true,
    reject: false,
  });
  if (exitCode === 0) return;
  console.error(`\n${all}`);
  // What is thrown here is printed, and the run passes all the same.
  process.exitCode = 1;
}
