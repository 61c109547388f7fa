import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openVolume } from '../../src/bundle/open-volume.ts';
import { parsePartSize } from '../../src/bundle/part-size.ts';
import { openVerified, readUnverified } from '../../src/bundle/verify.ts';
import { createVolume, partPathOf, type Volume } from '../../src/bundle/volume.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { sample, temporaryFolder, testContext, trust, write } from './sample.ts';

const run = promisify(execFile);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let out: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  out = join(folder.path, 'sample-1.0.0.tar');
});
afterEach(() => folder.remove());

const contents = [
  Buffer.alloc(5000, 'a'),
  Buffer.from('b'),
  Buffer.alloc(0),
  Buffer.alloc(70_001, 'c'),
];
const allow = trust({ allowUnsigned: true });

async function partsThere(): Promise<string[]> {
  return (await readdir(folder.path)).filter((name) => !name.endsWith('install.sh')).sort();
}

async function joined(): Promise<Buffer> {
  const names = (await partsThere()).filter((name) => /\.\d{3}$/.test(name));
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(folder.path, name)))));
}

describe('a volume', () => {
  test.each([
    ['one file', undefined, [10]],
    ['parts', 4, [4, 4, 2]],
    ['parts that fit exactly', 5, [5, 5]],
    ['one part', 10, [10]],
    ['one part that is larger than all', 99, [10]],
  ])('of %s is one range of bytes', async (_, partSize, sizes) => {
    const made = await createVolume(out, 10, partSize === undefined ? {} : { partSize });
    await made.write(Buffer.from('abcdefghij'), 0);
    await made.write(Buffer.from('XYZ'), 3);
    await made.close();
    const volume = await openVolume(out);
    expect(volume.parts.map(({ start, end }) => end - start)).toEqual(sizes);
    expect(volume.isSplit).toBe(partSize !== undefined);
    expect(volume.size).toBe(10);
    expect(await textOf(volume, 0, 10)).toBe('abcXYZghij');
    expect(await textOf(volume, 4, 99)).toBe('YZghij');
    await volume.close();
  });

  test('tells in which files a range lies', async () => {
    const volume = await createVolume(out, 10, { partSize: 4 });
    const places = (position: number, length: number) =>
      volume
        .segments(position, length)
        .map((one) => [one.path.slice(-3), one.position, one.length]);
    expect(places(1, 2)).toEqual([['001', 1, 2]]);
    expect(places(3, 6)).toEqual([
      ['001', 3, 1],
      ['002', 0, 4],
      ['003', 0, 1],
    ]);
    expect(places(4, 4)).toEqual([['002', 0, 4]]);
    expect(places(2, 0)).toEqual([]);
    expect(() => volume.segments(8, 3)).toThrow(RangeError);
    expect(volume.namesOf(3, 6)).toBe(`${out}.001 to ${out}.003`);
    expect(volume.namesOf(9)).toBe(`${out}.003`);
    await volume.close();
  });
});

async function textOf(volume: Volume, from: number, most: number): Promise<string> {
  const buffer = Buffer.alloc(most);
  let done = 0;
  for (;;) {
    const { bytesRead } = await volume.read(buffer, done, most - done, from + done);
    if (bytesRead === 0) return buffer.toString('latin1', 0, done);
    done += bytesRead;
  }
}

describe('a bundle in parts', () => {
  test.each([[512], [1024], [1536], [4096], [100_352], [1024 ** 2]])(
    'of at most %d bytes has the bytes of the one file, and is verified in place',
    async (partSize) => {
      const { sha256 } = await write(
        sample(contents),
        join(folder.path, 'whole', 'sample-1.0.0.tar'),
      );
      const whole = await readFile(join(folder.path, 'whole', 'sample-1.0.0.tar'));
      await rm(join(folder.path, 'whole'), { recursive: true });
      const written = await write(sample(contents), out, { partSize });
      expect((await joined()).equals(whole)).toBe(true);
      expect(written).toMatchObject({ path: out, sha256, size: whole.length });
      expect(written.parts).toEqual(
        Array.from({ length: Math.ceil(whole.length / partSize) }, (_, at) =>
          partPathOf(out, at + 1),
        ),
      );
      expect(createHash('sha256').update(whole).digest('hex')).toBe(sha256);
      for (const path of [out, `${out}.001`]) {
        const bundle = await openVerified(path, allow, testContext());
        expect(bundle).toMatchObject({ path: out, size: whole.length });
        for (const bytes of contents)
          expect((await bundle.readBlob(digestOf(bytes))).equals(bytes)).toBe(true);
        await bundle.close();
      }
      expect(await readUnverified(out)).toMatchObject({ path: out, size: whole.length });
    },
  );

  test('has a checksum for each part, which sha256sum reads, and nothing hidden beside it', async () => {
    await write(sample(contents), out, { partSize: 51_200 });
    const names = ['sample-1.0.0.tar.001', 'sample-1.0.0.tar.002', 'sample-1.0.0.tar.sha256'];
    expect(await partsThere()).toEqual(names);
    await run('sha256sum', ['--check', '--strict', names[2] as string], { cwd: folder.path });
  });

  test('cut anywhere is still read: the borders of parts need not be those of headers', async () => {
    await write(sample(contents.slice(0, 2)), out);
    const whole = await readFile(out);
    await rm(out);
    for (const size of [700, 1111, 4097]) {
      for (let at = 0; at * size < whole.length; at++)
        await writeFile(partPathOf(out, at + 1), whole.subarray(at * size, (at + 1) * size));
      await (await openVerified(out, allow, testContext())).close();
      for (const name of await partsThere()) await rm(join(folder.path, name), { force: true });
    }
  });

  test('more than 999 parts are refused before anything is written', async () => {
    const writing = write(sample([Buffer.alloc(600_000)]), join(folder.path, 'new', 'a.tar'), {
      partSize: 512,
    });
    await expect(writing).rejects.toMatchObject({
      class: 'usage',
      given: expect.stringMatching(/512 bytes, which makes \d+ parts/),
      next: expect.stringContaining('at least 1MiB'),
    });
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('over an older bundle of the same name', () => {
  const other = [Buffer.alloc(200_000, 'z')];
  const sizes = [undefined, 512 * 100, 512 * 33, 512 * 1000];
  test.each(sizes.flatMap((before) => sizes.map((after) => [before, after] as const)))(
    'in parts of %s, one in parts of %s leaves none of its files',
    async (before, after) => {
      await write(sample(other), out, before === undefined ? {} : { partSize: before });
      const written = await write(
        sample(contents),
        out,
        after === undefined ? {} : { partSize: after },
      );
      const names = [...written.parts.map((path) => path.slice(folder.path.length + 1))];
      expect(await partsThere()).toEqual([...names, 'sample-1.0.0.tar.sha256'].sort());
      await (await openVerified(out, allow, testContext())).close();
      await run('sha256sum', ['--check', '--strict', 'sample-1.0.0.tar.sha256'], {
        cwd: folder.path,
      });
    },
  );

  test('a part that cannot be put in place leaves the older parts as they were', async () => {
    await write(sample(other), out, { partSize: 512 * 100 });
    const before = await joined();
    const names = await partsThere();
    await mkdir(`${out}.007`);
    const later = sample([Buffer.alloc(512 * 950, 'y')]);
    const writing = () => write(later, out, { partSize: 51_200 });
    await expect(writing()).rejects.toMatchObject({ class: 'io' });
    await rm(`${out}.007`, { recursive: true });
    expect((await joined()).equals(before)).toBe(true);
    const isHidden = (name: string) => name.startsWith('.');
    expect((await partsThere()).filter((name) => !isHidden(name))).toEqual(names);
    await run('sha256sum', ['--check', '--strict', 'sample-1.0.0.tar.sha256'], {
      cwd: folder.path,
    });
    expect((await writing()).resumed).toBe(512 * 950);
    expect((await partsThere()).filter(isHidden)).toEqual([]);
  });
});

describe('parts that are no bundle', () => {
  const part = (number: number) => partPathOf(out, number);
  test.each<[string, () => Promise<unknown>, object]>([
    [
      'the first is missing',
      () => rm(part(1)),
      { class: 'integrity', given: expect.stringContaining('.001: nothing') },
    ],
    [
      'one between is missing',
      () => rm(part(3)),
      { class: 'integrity', given: expect.stringContaining('.003: nothing') },
    ],
    [
      'the last is missing',
      () => rm(part(6)),
      { class: 'integrity', given: expect.stringContaining('.006: nothing') },
    ],
    [
      'the last two are missing',
      async () => Promise.all([rm(part(5)), rm(part(6))]),
      { given: expect.stringContaining('.005: nothing') },
    ],
    [
      'one is a folder',
      async () => {
        await rm(part(2));
        await mkdir(part(2));
      },
      { class: 'usage', given: expect.stringContaining('.002: a folder') },
    ],
    [
      'the first is cut short',
      () => truncate(part(1), 16_000),
      { class: 'integrity', message: expect.stringContaining('do not fit together') },
    ],
    [
      'one is cut short',
      () => truncate(part(2), 100),
      { class: 'integrity', given: expect.stringContaining('.002: 100 bytes') },
    ],
    [
      'the last is cut short',
      () => truncate(part(6), 100),
      {
        class: 'integrity',
        message: expect.stringContaining('bytes are missing'),
        given: expect.stringContaining('.006'),
      },
    ],
    [
      'one too many, of an older bundle',
      async () => {
        await write(sample([Buffer.alloc(120_000)]), join(folder.path, 'o', 'o.tar'), {
          partSize: 16_896,
        });
        for (const n of [6, 7])
          await copyFile(partPathOf(join(folder.path, 'o', 'o.tar'), n), part(n));
      },
      {
        class: 'integrity',
        message: expect.stringContaining('not of this bundle'),
        given: expect.stringContaining('.007'),
      },
    ],
    [
      'one in place of another',
      () => copyFile(part(1), part(4)),
      { class: 'integrity', given: expect.stringMatching(/\.001 to .*\.005: sha256/) },
    ],
  ])('%s', async (_, damage, expected) => {
    await write(sample(contents), out, { partSize: 16_896 });
    expect(await partsThere()).toHaveLength(7);
    await damage();
    await expect(openVerified(out, allow, testContext())).rejects.toMatchObject(expected);
  });

  test.each([['sample-1.0.0.tar'], ['sample-1.0.0.tar.001'], ['none/sample.tar']])(
    'none at all: %s',
    async (name) => {
      await expect(
        openVerified(join(folder.path, name), allow, testContext()),
      ).rejects.toMatchObject({
        class: 'usage',
        message: 'the bundle is not there',
      });
    },
  );
});

describe('a split size', () => {
  test.each([
    ['1900MiB', 1900 * 1024 ** 2],
    ['4GB', 4_000_000_000 - (4_000_000_000 % 512)],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['2000kb', 2_000_000 - (2_000_000 % 512)],
    ['1048576', 1024 ** 2],
    ['1048576B', 1024 ** 2],
  ])('%s', (text, bytes) => expect(parsePartSize(text)).toBe(bytes));

  test.each([
    [''],
    ['0'],
    ['1MB'],
    ['1048575'],
    ['-5GiB'],
    ['4G'],
    ['1e9'],
    ['four'],
    ['0x1000000'],
    ['99999999999999GiB'],
  ])('%j is none', (text) => {
    expect(() => parsePartSize(text)).toThrow(
      expect.objectContaining({
        class: 'usage',
        given: text,
        expected: expect.stringContaining('1MiB'),
      }),
    );
  });
});
