import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type WriteJob, writeBundle } from '../../src/bundle/write.ts';
import { isGone, ownerName } from '../../src/disk/process.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { AirgapError, type ErrorClass } from '../../src/report/error.ts';
import { mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts';
import { jobFor, sample, temporaryFolder, testContext, whole, write } from './sample.ts';

const contents = [0, 1, 2, 3].map((at) => Buffer.alloc(400_000 + at, `${at} content `));
const parts = sample(contents);
const digests = parts.inventory.blobs.map(({ digest }) => digest);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let home: string;
let out: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  home = join(folder.path, 'out');
  out = join(home, 'sample-1.0.0.tar');
});
afterEach(() => folder.remove());

const hidden = async () => (await readdir(home)).filter((name) => name.startsWith('.'));

/** Writes the bundle blob after blob; the third one stalls until the run is stopped, or fails. */
async function stopHalfway(failure?: AirgapError, more: Partial<WriteJob> = {}) {
  const context = testContext();
  const { readBlob } = jobFor(parts, out);
  const stalling: WriteJob['readBlob'] = async (blob) => {
    if (blob.digest !== digests[2]) return readBlob(blob);
    if (failure) throw failure;
    setTimeout(context.abort, 10);
    return whole(new Readable({ read() {} }));
  };
  const job = jobFor(parts, out, { concurrency: 1, ...more, readBlob: stalling });
  await expect(writeBundle(job, context)).rejects.toThrow();
  return context.events;
}

/** Writes it again; resolves to what was read, in the order of the archive, and what came of it. */
async function again(more: Partial<WriteJob> = {}, parts_ = parts) {
  const read = new Set<Digest>();
  const { readBlob } = jobFor(parts_, out);
  const written = await write(parts_, out, {
    ...more,
    readBlob: (blob) => {
      read.add(blob.digest);
      return readBlob(blob);
    },
  });
  return { read: digests.filter((digest) => read.has(digest)), written };
}

const untouched = async (more: Partial<WriteJob> = {}) =>
  (await write(parts, join(folder.path, 'elsewhere', 'sample-1.0.0.tar'), more)).sha256;

describe('a run that was stopped is gone on with:', () => {
  test('what is finished is not read again, and the bytes are the same', async () => {
    const events = await stopHalfway();
    const [left] = await hidden();
    const message = `what is finished stays in ${join(home, left ?? '')}, for the next run to go on`;
    expect(events.at(-1)).toEqual({ kind: 'note', message });
    const { read, written } = await again();
    expect(read).toEqual(digests.slice(2));
    expect(written.resumed).toBe(800_001);
    expect(written.sha256).toBe(await untouched());
    expect(await hidden()).toEqual([]);
  });

  test('in parts too', async () => {
    const more = { partSize: 512 * 1024 };
    await stopHalfway(undefined, more);
    const { read, written } = await again(more);
    expect(read).toEqual(digests.slice(2));
    expect(written.parts).toHaveLength(4);
    expect(written.sha256).toBe(await untouched(more));
    expect(await hidden()).toEqual([]);
  });

  test('what was damaged meanwhile is read again', async () => {
    await stopHalfway();
    const path = join(home, (await hidden())[0] ?? '', 'sample-1.0.0.tar');
    const file = await open(path, 'r+');
    await file.write('?', (await readFile(path)).indexOf(contents[0] ?? '') + 1000);
    await file.close();
    const { read, written } = await again();
    expect(read).toEqual([digests[0], ...digests.slice(2)]);
    expect(written.sha256).toBe(await untouched());
  });

  test('but not into another bundle, or another split: that begins anew and clears it', async () => {
    await stopHalfway();
    const other = await again({ partSize: 512 * 1024 });
    expect(other.read).toEqual(digests);
    expect(await hidden()).toEqual([]);
    await stopHalfway();
    const later = sample(contents, { createdAt: '2026-11-22T16:00:01Z' });
    expect((await again({}, later)).read).toEqual(digests);
    expect(await hidden()).toEqual([]);
  });

  test('by one of two runs alone', async () => {
    await stopHalfway();
    const both = await Promise.all([again(), again()]);
    expect(both.map(({ read }) => read.length).sort()).toEqual([2, 4]);
    expect(both[0]?.written.sha256).toBe(both[1]?.written.sha256);
  });
});

test.each<[ErrorClass, number]>([
  ['transient', 1],
  ['authentication', 1],
  ['integrity', 0],
  ['usage', 0],
  ['io', 0],
])('after a failure of class %s, %i partial file is left', async (name, count) => {
  await stopHalfway(new AirgapError(name, 'it failed'));
  expect(await hidden()).toHaveLength(count);
});

describe('what a killed run left', () => {
  /** As if it were of the owner given: a run that is killed cannot rename it. */
  async function leftBy(owner: string): Promise<string> {
    await stopHalfway();
    const [name = ''] = await hidden();
    const path = join(home, name.replace(/left-.*$/, `${owner}-00000000`));
    await rename(join(home, name), path);
    return path;
  }

  test('is taken when its process is gone', async () => {
    const child = spawn('sleep', ['60']);
    const owner = await ownerOf(child.pid ?? 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await leftBy(owner);
    expect((await again()).read).toEqual(digests.slice(2));
  });

  test.each([
    ['of a process that runs', async () => ownerName()],
    ['of another machine', async () => 'abcdef-1-1'],
    ['of nobody known', async () => '0123456789ab'],
  ])('%s is left alone while it may be in use', async (_, owner) => {
    const path = await leftBy(await owner());
    expect((await again()).read).toEqual(digests);
    expect((await stat(path)).isDirectory()).toBe(true);
    expect((await readdir(path)).length).toBe(1);
  });

  test('of another machine is taken when nothing was written for long', async () => {
    const path = await leftBy('abcdef-1-1');
    for (const one of [path, ...(await readdir(path)).map((name) => join(path, name))])
      await utimes(one, 0, 0);
    expect((await again()).read).toEqual(digests.slice(2));
    expect(await hidden()).toEqual([]);
  });
});

test('a process is known by when it started, as its number is given again', async () => {
  const [place, pid, start] = (await ownerName()).split('-');
  expect(await isGone(`${place}-${pid}-${start}`)).toBe(false);
  expect(await isGone(`${place}-${pid}-${Number(start) - 1}`)).toBe(true);
  expect(await isGone('abcdef-1-1')).toBe(false);
  expect(await isGone('0123456789ab')).toBe(false);
});

describe('on a disk with little room', () => {
  let disk: SmallDisk;

  beforeEach(async () => {
    disk = await mountSmallDisk(home, 2);
    await stopHalfway();
  });
  afterEach(() => disk.unmount());

  test('what was left counts', async () => {
    // What stays free is less than the bundle, and enough for what is missing of it.
    await writeFile(join(home, 'other'), Buffer.alloc(350_000));
    expect((await again()).read).toEqual(digests.slice(2));
  });

  test('it stays when the room is too little all the same', async () => {
    await writeFile(join(home, 'other'), Buffer.alloc(1_000_000));
    await expect(again()).rejects.toMatchObject({ class: 'io' });
    await rm(join(home, 'other'));
    expect((await again()).read).toEqual(digests.slice(2));
  });
});

async function ownerOf(pid: number): Promise<string> {
  const [place] = (await ownerName()).split('-');
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return `${place}-${pid}-${text.split(') ')[1]?.split(' ')[19]}`;
}
