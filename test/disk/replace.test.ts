import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asHint, asRecord, replaceFile } from '../../src/disk/replace.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-replace-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['a record', asRecord, 0o600, 0o700],
  ['a hint', asHint, 0o666, 0o777],
])('%s is for those alone who may know it', async (_, keeping, file, home) => {
  const path = join(folder, 'deep', 'a.json');
  await replaceFile(path, 'one', keeping);
  await replaceFile(path, 'two', keeping);
  expect(await readFile(path, 'utf8')).toBe('two');
  const umask = process.umask();
  expect((await stat(path)).mode & 0o777).toBe(file & ~umask);
  expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(home & ~umask);
});

test('what a killed run had half written is no hindrance', async () => {
  const path = join(folder, 'a.json');
  await writeFile(`${path}.partial`, 'half');
  await replaceFile(path, 'whole', asRecord);
  expect(await readdir(folder)).toEqual(['a.json']);
});

test('what cannot be written is an io failure, and the old text stays', async () => {
  const path = join(folder, 'a.json');
  await replaceFile(path, 'old', asRecord);
  await expect(replaceFile(join(path, 'b.json'), 'new', asRecord)).rejects.toMatchObject({
    class: 'io',
  });
  expect(await readFile(path, 'utf8')).toBe('old');
});
