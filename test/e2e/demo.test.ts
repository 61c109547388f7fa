import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Where the demo and all that it starts keep their files. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterEach(() => rm(folder, { recursive: true }));

const start = () =>
  execa(process.execPath, ['scripts/run-ts.mjs', 'demo/demo.ts'], {
    cwd: root,
    env: { TMPDIR: folder },
    all: true,
    reject: false,
    // A group of its own, for Ctrl-C reaches everything that runs in a terminal.
    detached: true,
  });

test('the demo ends with its proof and leaves nothing', async () => {
  const { exitCode, all } = await start();
  expect(all).toMatch(/all (\d+) placements of \d+ images resolve to the signed digest$/);
  expect(all).not.toContain('FAIL');
  expect(exitCode).toBe(0);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['SIGINT', 130, '$ airgap-bundle plan'],
  ['SIGTERM', 143, '$ airgap-bundle load'],
] as const)('%s stops it, and it leaves nothing', async (signal, code, moment) => {
  const demo = start();
  demo.all.on('data', (chunk) => {
    if (demo.pid && String(chunk).includes(moment)) process.kill(-demo.pid, signal);
  });
  const { exitCode, all } = await demo;
  expect(all).toContain(`stopped by ${signal}`);
  expect(exitCode).toBe(code);
  expect(await readdir(folder)).toEqual([]);
});
