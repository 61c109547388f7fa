import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readText } from '../../src/inputs/files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  await symlink('loop', join(folder, 'loop'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ['none', 'none', 'usage', 'the image list is not there'],
  ['a folder', '.', 'usage', 'the image list is a folder'],
  ['a link to itself', 'loop', 'io', 'the image list cannot be read: ELOOP'],
  ['a name too long', 'a'.repeat(300), 'io', 'the image list cannot be read: ENAMETOOLONG'],
])('%s', async (_, name, kind, message) => {
  const path = join(folder, name);
  await expect(readText(path, 'the image list')).rejects.toMatchObject({
    class: kind,
    message,
    given: path,
  });
});
