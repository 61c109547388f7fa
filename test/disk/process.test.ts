import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { lookAt, thisProcess } from '../../src/disk/process.ts';
import { processName } from './names.ts';

test('a process is known by when it started, as its number is given again', async () => {
  const { name, pid } = await thisProcess();
  expect(pid).toBe(String(process.pid));
  const [place, , start] = name.split('-');
  expect(await lookAt(name)).toBe('runs');
  expect(await lookAt(`${place}-${pid}-${Number(start) - 1}`)).toBe('gone');
});

test('one that was killed is gone', async () => {
  const child = spawn('sleep', ['60']);
  const name = await processName(child.pid ?? 0);
  expect(await lookAt(name)).toBe('runs');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await lookAt(name)).toBe('gone');
});

test('one that has ended and that nobody waits for is gone', async () => {
  // The shell becomes a sleep that never asks for its child.
  const child = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60']);
  const [pid] = (await once(child.stdout, 'data')) as [Buffer];
  const name = await processName(Number(pid));
  while (!/^\d+ \(.*\) Z /.test(await readFile(`/proc/${Number(pid)}/stat`, 'utf8')));
  expect(await lookAt(name)).toBe('gone');
  child.kill('SIGKILL');
});

test.each([
  ['another machine or container', 'abcdefabcdef-1-1'],
  ['nobody known', '0123456789ab'],
  ['no one at all', ''],
])('of a process of %s nothing is known', async (_, name) => {
  expect(await lookAt(name)).toBe('unknown');
});
