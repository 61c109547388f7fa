import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeHeader, layOut } from '../../src/bundle/archive.ts';
import { printInventory } from '../../src/bundle/inventory-json.ts';
import { openOlder } from '../../src/bundle/reuse.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { jobFor, type Sample, sample, temporaryFolder, write } from './sample.ts';

const manifest = Buffer.from('{"an": "old manifest"}');
const kept = Buffer.alloc(3_000_000, 'kept ');
const dropped = Buffer.alloc(700, 'dropped ');
const added = Buffer.alloc(1_100, 'added ');

const older = sample([manifest, kept, dropped]);
const newer = sample([manifest, kept, added], { version: '1.0.1', sequence: 8 });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let out: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'older.tar');
  out = join(folder.path, 'sample-1.0.1.tar');
  await write(older, path);
});
afterEach(() => folder.remove());

/** Writes the newer bundle; resolves to the blobs that were fetched and what the older one gave. */
async function reuse(parts: Sample = newer) {
  const bundle = await openOlder(path);
  const fetched: Digest[] = [];
  const { readBlob } = jobFor(parts, out);
  try {
    const written = await write(parts, out, {
      older: bundle,
      readBlob: (blob) => {
        fetched.push(blob.digest);
        return readBlob(blob);
      },
    });
    return { written, fetched, taken: bundle.taken };
  } finally {
    await bundle.close();
  }
}

/** Flips one byte in the middle of a blob of the older bundle. */
async function damage(blob: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  const bytes = await readFile(path);
  await file.write(Buffer.from('?'), 0, 1, bytes.indexOf(blob) + Math.floor(blob.length / 2));
  await file.close();
}

describe('what an older bundle has', () => {
  test('is not fetched, and the bytes are those of a bundle that was made without it', async () => {
    const { written, fetched, taken } = await reuse();
    expect(fetched).toEqual([digestOf(added)]);
    expect(taken).toEqual({ bytes: manifest.length + kept.length, damaged: [] });
    expect(written.sha256).toBe((await write(newer, `${out}.2`)).sha256);
  });

  test('is taken from the file that the new bundle replaces, too', async () => {
    const inPlace = sample([manifest, kept, added], { sequence: 8 });
    out = path;
    const { fetched } = await reuse(inPlace);
    expect(fetched).toEqual([digestOf(added)]);
    expect((await readFile(path)).includes(added)).toBe(true);
  });

  test('may be a small one whole', async () => {
    const bundle = await openOlder(path);
    expect(await bundle.find(digestOf(manifest))).toEqual(manifest);
    expect(await bundle.find(digestOf(added))).toBeUndefined();
    await damage(manifest);
    expect(await bundle.find(digestOf(manifest))).toBeUndefined();
    await bundle.close();
  });

  test('is taken from its parts', async () => {
    const bytes = await readFile(path);
    const half = Math.floor(bytes.length / 2);
    await writeFile(`${path}.001`, bytes.subarray(0, half));
    await writeFile(`${path}.002`, bytes.subarray(half));
    await rename(path, join(folder.path, 'elsewhere'));
    expect((await reuse()).fetched).toEqual([digestOf(added)]);
  });

  test('leaves the older file as it was, and no other copy', async () => {
    const before = await readFile(path);
    await reuse();
    expect((await readFile(path)).equals(before)).toBe(true);
    const names = await readdir(folder.path);
    expect(names.filter((name) => name.endsWith('.tar') || name.startsWith('.')).sort()).toEqual([
      'older.tar',
      'sample-1.0.1.tar',
    ]);
  });
});

describe('what is damaged in it is fetched', () => {
  test('a flipped byte', async () => {
    await damage(kept);
    const { fetched, taken } = await reuse();
    expect(fetched.sort()).toEqual([digestOf(kept), digestOf(added)].sort());
    expect(taken).toEqual({ bytes: manifest.length, damaged: [digestOf(kept)] });
  });

  test('the end of a file that was cut off', async () => {
    const file = await open(path, 'r+');
    await file.truncate((await file.stat()).size - 1_500_000);
    await file.close();
    const { taken } = await reuse();
    expect(taken.damaged).toEqual([digestOf(kept)]);
  });

  test('what its inventory lists at another size, and so at another place', async () => {
    const blobs = older.inventory.blobs.map((blob) => ({ ...blob, size: blob.size + 600 }));
    const head = { inventory: printInventory({ ...older.inventory, blobs }) };
    const archive = layOut({ ...older.inventory, blobs }, head);
    const [first] = archive.entries;
    if (!first) throw new Error('an archive starts with bundle.json');
    const padding = Buffer.alloc(first.end - 512 - first.size);
    const start = [encodeHeader(first, archive.mtime), head.inventory, padding];
    await writeFile(path, Buffer.concat([...start, await readFile(path)]));
    const { taken, written } = await reuse();
    expect(taken.bytes).toBe(0);
    expect(taken.damaged).toHaveLength(2);
    expect(written.sha256).toBe((await write(newer, `${out}.2`)).sha256);
  });
});

describe('what is no bundle is refused before anything is done:', () => {
  test.each([
    ['nothing there', 'usage', async () => rename(path, `${path}.away`), 'nothing there'],
    [
      'a folder',
      'usage',
      async () => rename(path, `${path}.away`).then(() => mkdir(path)),
      'a folder',
    ],
    ['an empty file', 'integrity', async () => writeFile(path, ''), '0 bytes'],
    [
      'another file',
      'integrity',
      async () => writeFile(path, Buffer.alloc(9_000, 'x')),
      'something else',
    ],
    ['a head that was cut off', 'integrity', async () => cutTo(600), '600 bytes'],
    [
      'a broken inventory',
      'integrity',
      async () => damage(Buffer.from('"schemaVersion"')),
      'line 2',
    ],
  ])('%s', async (_, errorClass, change, given) => {
    await change();
    await expect(openOlder(path)).rejects.toMatchObject({
      class: errorClass,
      message: expect.stringContaining('nothing can be reused'),
      given: expect.stringContaining(given),
      next: expect.stringContaining('--reuse'),
    });
  });
});

async function cutTo(size: number): Promise<void> {
  await writeFile(path, (await readFile(path)).subarray(0, size));
}
