import { mkdir, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockOf } from '../../src/bundle/partial.ts';
import { type WriteJob, writeBundle } from '../../src/bundle/write.ts';
import { takeLock } from '../../src/disk/lock.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { AirgapError } from '../../src/report/error.ts';
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
  const context = testContext();
  const job = jobFor(parts_, out, more);
  const readBlob: WriteJob['readBlob'] = (blob) => {
    read.add(blob.digest);
    return job.readBlob(blob);
  };
  const written = await writeBundle({ ...job, readBlob }, context);
  const notes = context.events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
  return { read: digests.filter((digest) => read.has(digest)), written, notes };
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

  test('though a file has other bytes in each run, as one that is encrypted has', async () => {
    const changing = ['install.sh', 'SHA256SUMS'];
    await stopHalfway(undefined, { changing });
    const other = sample(contents, {}, { 'install.sh': Buffer.from('#!/bin/zh\n') });
    const { read, written } = await again({ changing }, other);
    expect(read).toEqual(digests.slice(2));
    const path = join(folder.path, 'elsewhere', 'sample-1.0.0.tar');
    expect(written.sha256).toBe((await write(other, path)).sha256);
  });

  const junk = Buffer.alloc(3_000_000, 'somebody else wrote this ');
  const bodyOf = async (path: string) => (await readFile(path)).indexOf(contents[0] ?? '');
  const headerOf = async (path: string) => (await bodyOf(path)) - 512;
  test.each<[string, (path: string) => Promise<void>, number[]]>([
    ['one flipped byte', async (path) => put(path, (await bodyOf(path)) + 1000, '?'), [0, 2, 3]],
    ['a flipped header', async (path) => put(path, (await headerOf(path)) + 3, '?'), [0, 2, 3]],
    ['the header of another', async (path) => put(path, (await bodyOf(path)) - 1, 'x'), [0, 2, 3]],
    ['a blob cut short', async (path) => truncate(path, (await bodyOf(path)) + 99), [0, 1, 2, 3]],
    ['a file that is empty', (path) => truncate(path, 0), [0, 1, 2, 3]],
    ['no file', (path) => rm(path), [0, 1, 2, 3]],
    ['a larger file of somebody else', (path) => writeFile(path, junk), [0, 1, 2, 3]],
  ])('with %s in what was left: what is not right is read again', async (_, harm, readAgain) => {
    await stopHalfway();
    await harm(join(home, (await hidden())[0] ?? '', 'sample-1.0.0.tar'));
    const { read, written } = await again();
    expect(read).toEqual(readAgain.map((at) => digests[at]));
    expect(written.sha256).toBe(await untouched());
    expect(await hidden()).toEqual([]);
  });

  test('but not into another bundle, or another split: that begins anew, says so and clears it', async () => {
    await stopHalfway();
    const [left = ''] = await hidden();
    const other = await again({ partSize: 512 * 1024 });
    expect(other.read).toEqual(digests);
    expect(other.notes).toEqual([
      `${join(home, left)} is of another input or split size: it is removed`,
    ]);
    expect(await hidden()).toEqual([]);
    for (const path of other.written.parts) await rm(path);
    await stopHalfway();
    const later = sample(contents, { createdAt: '2026-11-22T16:00:01Z' });
    expect((await again({}, later)).read).toEqual(digests);
    expect(await hidden()).toEqual([]);
  });

  test('of another bundle it is said where it lies, and how large it is', async () => {
    await stopHalfway();
    const [left = ''] = await hidden();
    out = join(home, 'sample-1.0.1.tar');
    const { notes } = await again({}, sample(contents, { version: '1.0.1' }));
    expect(notes).toEqual([
      expect.stringMatching(
        /^a run that did not end has left [\d.]+ [KM]iB of sample-1\.0\.0\.tar in /,
      ),
    ]);
    expect(notes[0]).toContain(join(home, left));
    expect(await hidden()).toEqual([left]);
  });
});

describe('while a run writes a bundle', () => {
  const hold = () => takeLock(lockOf(out), testContext());

  test('another one of it is refused, and what is there stays', async () => {
    await stopHalfway();
    const lock = await hold();
    const before = await hidden();
    await expect(again()).rejects.toMatchObject({
      class: 'locked',
      message: `another run holds the bundle ${out}`,
    });
    expect(await hidden()).toEqual(before);
    await lock.release();
    expect((await again()).read).toEqual(digests.slice(2));
  });

  test('one of two runs is refused, and the other is right', async () => {
    const both = await Promise.allSettled([again(), again()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [refused] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject({ class: 'locked' });
    expect(await hidden()).toEqual([]);
  });

  test.each([
    ['has its turn', undefined],
    ['has had its turn', 'release'],
  ] as const)('one that took it for dead and %s keeps what is there', async (_, end) => {
    const job = jobFor(parts, out, { concurrency: 1 });
    let left: string[] = [];
    const readBlob: WriteJob['readBlob'] = async (blob) => {
      if (blob.digest === digests[2]) {
        await rm(lockOf(out).path);
        const lock = await hold();
        if (end) await lock.release();
        left = await hidden();
      }
      return job.readBlob(blob);
    };
    const writing = writeBundle({ ...job, readBlob }, testContext());
    await expect(writing).rejects.toMatchObject({ class: 'locked' });
    expect(left.some((name) => name.includes('.partial-'))).toBe(true);
    expect(await hidden()).toEqual(left);
    expect(await readdir(home)).toEqual(left);
  });

  test('one that took it for dead keeps what is there, whatever ends the first one', async () => {
    const job = jobFor(parts, out, { concurrency: 1 });
    const readBlob: WriteJob['readBlob'] = async (blob) => {
      if (blob.digest !== digests[2]) return job.readBlob(blob);
      await rm(lockOf(out).path);
      await hold();
      throw new AirgapError('integrity', 'the blob is another');
    };
    const writing = writeBundle({ ...job, readBlob }, testContext());
    await expect(writing).rejects.toMatchObject({ class: 'integrity' });
    expect(await hidden()).toHaveLength(2);
  });

  test('another one is made beside it, and says nothing of it', async () => {
    const lock = await hold();
    const writing = join(home, '.sample-1.0.0.tar.partial-0123456789ab');
    await mkdir(writing);
    out = join(home, 'sample-1.0.1.tar');
    expect((await again({}, sample(contents, { version: '1.0.1' }))).notes).toEqual([]);
    await lock.release();
    expect(await readdir(writing)).toEqual([]);
  });
});

test.each<[string, unknown, number]>([
  ['transient', new AirgapError('transient', 'it failed'), 1],
  ['authentication', new AirgapError('authentication', 'it failed'), 1],
  ['integrity', new AirgapError('integrity', 'it failed'), 0],
  ['usage', new AirgapError('usage', 'it failed'), 0],
  ['io', new AirgapError('io', 'it failed', { cause: { code: 'EIO' } }), 1],
  [
    'io, of a disk that is full',
    new AirgapError('io', 'it failed', { cause: { code: 'ENOSPC' } }),
    0,
  ],
])('after a failure of class %s, so many partial files are left', async (_, failure, count) => {
  await stopHalfway(failure as AirgapError);
  expect(await hidden()).toHaveLength(count);
});

test('what is there already, of this very inventory, is not read again', async () => {
  await again();
  const second = await again();
  expect(second.read).toEqual([]);
  expect(second.written.sha256).toBe(await untouched());
  const other = await again({}, sample(contents, { sequence: 8 }));
  expect(other.read).toEqual(digests);
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

async function put(path: string, position: number, text: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(text, position);
  await file.close();
}
