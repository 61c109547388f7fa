import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeNewFile } from '../../src/disk/new-file.ts';
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

test('two runs at once: the text of one is there, whole, and nothing else', async () => {
  const path = join(folder, 'a.json');
  const texts = Array.from({ length: 16 }, (_, at) => String(at).repeat(100_000));
  await Promise.all(texts.map((text) => replaceFile(path, text, asHint)));
  expect(texts).toContain(await readFile(path, 'utf8'));
  expect(await readdir(folder)).toEqual(['a.json']);
});

test('a long name is written like any other', async () => {
  const path = join(folder, 'a'.repeat(255));
  await replaceFile(path, 'whole', asHint);
  expect(await readFile(path, 'utf8')).toBe('whole');
});

test.each([
  ['replaced', (path: string) => replaceFile(path, 'ours', asHint)],
  ['made', (path: string) => writeNewFile(path, 'ours')],
])('a file beside the one that is %s keeps its text, whatever its name', async (_, write) => {
  const path = join(folder, 'a.yaml');
  await writeFile(`${path}.partial`, 'theirs');
  await write(path);
  expect(await readFile(path, 'utf8')).toBe('ours');
  expect(await readFile(`${path}.partial`, 'utf8')).toBe('theirs');
});

test('two runs that make the same file: one of them does', async () => {
  const path = join(folder, 'a.yaml');
  const made = await Promise.all(['one', 'two', 'three'].map((text) => writeNewFile(path, text)));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['a.yaml']);
});

test('what cannot be written is an io failure, and the old text stays', async () => {
  const path = join(folder, 'a.json');
  await replaceFile(path, 'old', asRecord);
  await expect(replaceFile(join(path, 'b.json'), 'new', asRecord)).rejects.toMatchObject({
    class: 'io',
  });
  expect(await readFile(path, 'utf8')).toBe('old');
});
