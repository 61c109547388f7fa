import { join, relative } from 'node:path';
import { expect } from 'vitest';
import type { AirgapError } from '../../src/report/error.ts';
import { onOurPrograms } from './programs.ts';
import { startRecords } from './records.ts';

/** Runs before each test file: what its tests make go wrong is written down. */
declare global {
  var recordError: ((error: AirgapError) => void) | undefined;
  var recordProblem: ((kind: string, message: string) => void) | undefined;
}

const root = join(import.meta.dirname, '../..');
const { testPath } = expect.getState();
if (testPath) {
  const records = startRecords(testPath);
  globalThis.recordError = (error) => {
    const file = sourceIn(error.stack ?? '');
    if (file) records.add({ kind: 'made', class: error.class, message: error.message, file });
  };
  globalThis.recordProblem = (problem, message) =>
    records.add({ kind: 'problem', problem, message });
  onOurPrograms(({ by, messages, exitCode }) => {
    for (const message of messages) records.add({ kind: 'said', by, message, exitCode });
  });
}

/** The source that made an error; undefined for one that a test made itself. */
function sourceIn(stack: string): string | undefined {
  const files = [...stack.matchAll(/(?:\(|at |file:\/\/)(\/[^():]+\.ts):\d+:\d+/g)].map(
    ([, path = '']) => relative(root, path),
  );
  const maker = files.find((path) => path !== 'src/report/error.ts');
  return maker?.startsWith('src/') ? maker : undefined;
}
