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
    const { class: name, message } = error;
    const file = makerIn(error.stack, 'src/report/error.ts');
    // The stack of a class of its own begins where that is used.
    const isOwn = error.constructor.name !== 'AirgapError';
    if (file) records.add({ kind: 'made', class: name, message, file: isOwn ? '' : file });
  };
  globalThis.recordProblem = (problem, message) => {
    if (makerIn(new Error('here').stack, 'src/plan/problem.ts'))
      records.add({ kind: 'problem', problem, message });
  };
  onOurPrograms(({ by, messages, problems, exitCode }) => {
    const ofPlan = problems.map(({ kind, message }) => `${kind}: ${message}`);
    for (const message of [...messages, ...ofPlan])
      records.add({ kind: 'said', by, message, exitCode });
  });
}

/** The source that called what is recorded; undefined where a test did so itself. */
function makerIn(stack = '', recorded: string): string | undefined {
  const frames = stack.matchAll(/(?:\(|at |file:\/\/)(\/[^():]+\.ts):\d+:\d+/g);
  const files = [...frames].map(([, path = '']) => relative(root, path));
  const maker = files.find((path) => path !== recorded && !path.startsWith('test/recorded/'));
  return maker?.startsWith('src/') ? maker : undefined;
}
