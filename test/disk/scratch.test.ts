import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { thisProcess } from '../../src/disk/process.ts';
import { removeScratch, withScratch } from '../../src/disk/scratch.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'airgap-scratch-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const living = async () => `airgap-bundle-${(await thisProcess()).name}-AbCd12`;
const dead = async () => `airgap-bundle-${(await thisProcess()).name.replace(/\d+$/, '1')}-AbCd12`;
const nothing = async () => undefined;

test('only this user can enter it, and it goes with the work', async () => {
  const seen = await withScratch(parent, async (path) => {
    await writeFile(join(path, 'login.json'), '{}');
    return { mode: (await stat(path)).mode & 0o777, names: await readdir(parent) };
  });
  expect(seen).toEqual({ mode: 0o700, names: [expect.stringMatching(/^airgap-bundle-/)] });
  expect(await readdir(parent)).toEqual([]);
  const failing = withScratch(parent, () => Promise.reject(new Error('failed')));
  await expect(failing).rejects.toThrow('failed');
  expect(await readdir(parent)).toEqual([]);
});

test('a process that ends at once removes it first', async () => {
  await withScratch(parent, async (path) => {
    await mkdir(join(path, 'oras'));
    await writeFile(join(path, 'oras', 'login.json'), '{}');
    removeScratch();
    expect(await readdir(parent)).toEqual([]);
  });
});

describe('of what lies there already', () => {
  test('that of a dead process goes', async () => {
    await mkdir(join(parent, await dead(), 'oras'), { recursive: true, mode: 0o700 });
    await withScratch(parent, nothing);
    expect(await readdir(parent)).toEqual([]);
  });

  test.each([
    ['of a process that runs', living],
    ['of another machine or container', async () => 'airgap-bundle-abcdefabcdef-7-1-AbCd12'],
    ['that is no scratch', async () => 'airgap-bundle-report-AbCd12'],
  ])('that %s stays', async (_, nameOf) => {
    const name = await nameOf();
    await mkdir(join(parent, name), { mode: 0o700 });
    await withScratch(parent, nothing);
    expect(await readdir(parent)).toEqual([name]);
  });

  test('that which others may write to stays, and a link as well', async () => {
    await mkdir(join(parent, await dead()));
    await chmod(join(parent, await dead()), 0o777);
    const link = (await dead()).replace(/.$/, '3');
    await mkdir(join(parent, 'elsewhere'), { mode: 0o700 });
    await symlink(join(parent, 'elsewhere'), join(parent, link));
    await withScratch(parent, nothing);
    expect(await readdir(parent)).toHaveLength(3);
  });
});
