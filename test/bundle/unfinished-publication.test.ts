import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Finished, publish } from '../../src/bundle/publish.ts';
import { asideOf, scriptIn, settle, sumsIn } from '../../src/bundle/unfinished-publication.ts';
import { partPathOf } from '../../src/bundle/volume.ts';
import { temporaryFolder } from './sample.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let out: string;
let partial: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  out = join(folder.path, 'a-1.tar');
  partial = join(folder.path, '.a-1.tar.partial-0123456789ab', 'a-1.tar');
  await mkdir(join(partial, '..'));
});
afterEach(() => folder.remove());

/** Files of a bundle at a path: itself, or so many parts. */
const filesAt = (path: string, parts: number): string[] =>
  parts === 0 ? [path] : Array.from({ length: parts }, (_, at) => partPathOf(path, at + 1));
const sumsOf = (parts: number): string =>
  filesAt(out, parts)
    .map((path) => `${'0'.repeat(64)}  ${basename(path)}\n`)
    .join('');

/** What lies beside the hidden folder, by name. */
async function there(): Promise<Record<string, string>> {
  const names = (await readdir(folder.path)).filter((name) => !name.startsWith('.'));
  const texts = names.map(async (name) => [name, await readFile(join(folder.path, name), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

const state = (name: string, parts: number): Record<string, string> => ({
  ...Object.fromEntries(filesAt(out, parts).map((path) => [basename(path), name])),
  'a-1.tar.sha256': sumsOf(parts),
  'install.sh': name,
});

async function putOlder(parts: number): Promise<void> {
  for (const [name, text] of Object.entries(state('older', parts)))
    await writeFile(join(folder.path, name), text);
}

/** As a run has it before it publishes. */
async function putNewer(parts: number): Promise<Finished> {
  for (const path of filesAt(partial, parts)) await writeFile(path, 'newer');
  const sums = Array.from({ length: Math.max(parts, 1) }, () => '0'.repeat(64));
  return { partial, out, parts, sums, script: Buffer.from('newer') };
}

const shapes: readonly (readonly [older: number, newer: number])[] = [
  [0, 0],
  [3, 4],
  [4, 2],
  [0, 3],
  [3, 0],
];

test.each(shapes)(
  'over a bundle in %i parts one in %i parts is put (0: one file)',
  async (older, newer) => {
    await putOlder(older);
    await publish(await putNewer(newer));
    expect(await there()).toEqual(state('newer', newer));
  },
);

describe.each(shapes)(
  'killed with a bundle in %i parts and the next in %i (0: one file),',
  (older, newer) => {
    /** What publishing moves, in order. */
    const aside = (path: string) => [path, asideOf(path, partial)] as const;
    const moves = () => [
      aside(`${out}.sha256`),
      ...(newer > 0 && older > 0 ? filesAt(out, older).map(aside) : []),
      ...filesAt(partial, newer)
        .map((path) => [path, join(folder.path, basename(path))] as const)
        .reverse(),
      [sumsIn(partial), `${out}.sha256`] as const,
      [scriptIn(partial), join(folder.path, 'install.sh')] as const,
    ];
    const length = 3 + (newer > 0 && older > 0 ? older : 0) + Math.max(newer, 1);

    test.each(Array.from({ length }, (_, done) => done))('after %i moves', async (done) => {
      await putOlder(older);
      await putNewer(newer);
      await writeFile(sumsIn(partial), sumsOf(newer));
      await writeFile(scriptIn(partial), 'newer');
      for (const [from, to] of moves().slice(0, done)) await rename(from, to);
      // What would stand beside it goes before the checksum comes.
      if (done > length - 2 && (older === 0) !== (newer === 0))
        for (const path of filesAt(out, older)) await rm(path);
      await settle(partial, out);
      const isPlaced = done >= length - 2;
      expect(await there()).toEqual(isPlaced ? state('newer', newer) : state('older', older));
      await settle(partial, out);
      const hidden = (await readdir(join(partial, '..'))).filter((name) => !name.includes('-old-'));
      expect(hidden).toEqual(isPlaced ? [] : filesAt(partial, newer).map((path) => basename(path)));
    });
  },
);

test('before anything is ready to be moved, nothing is', async () => {
  await putOlder(3);
  await writeFile(partPathOf(partial, 1), 'half');
  await settle(partial, out);
  expect(await there()).toEqual(state('older', 3));
});
