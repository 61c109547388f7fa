import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSigner, type Signer } from '../../src/bundle/sign.ts';
import { writeBundle } from '../../src/bundle/write.ts';
import { runKeygen } from '../../src/commands/keygen.ts';
import { AirgapError } from '../../src/report/error.ts';
import { mountSmallDisk } from '../helpers/small-disk.ts';
import { jobFor, sample, temporaryFolder, testContext, whole, write } from './sample.ts';

const run = promisify(execFile);
const large = Buffer.alloc(3_000_000, 'layer ');
const contents = [Buffer.from('manifest'), Buffer.alloc(0), Buffer.alloc(512, 'x'), large];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let out: string;
let signer: Signer;
let key: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  const made = await runKeygen({ out: join(folder.path, 'a.key'), type: 'ed25519' }, testContext());
  signer = await loadSigner(made.privateKey);
  key = made.publicKey;
  out = join(folder.path, 'out', 'sample-1.0.0.tar');
});
afterEach(() => folder.remove());
const threeFiles = ['install.sh', 'sample-1.0.0.tar', 'sample-1.0.0.tar.sha256'];
const outFolder = () => readdir(join(folder.path, 'out'));

describe('a written bundle', () => {
  test('is a tar with the listed entries and nothing else', async () => {
    const parts = sample(contents);
    await write(parts, out, { sign: signer });
    const { stdout } = await run('tar', ['--list', '--file', out]);
    expect(stdout.trim().split('\n')).toEqual([
      'bundle.json',
      'bundle.sig',
      ...parts.inventory.files.map(({ path }) => path),
      ...parts.inventory.blobs.map(({ digest }) => digest.replace('sha256:', 'blobs/sha256/')),
    ]);
  });

  test('unpacks into its files, which SHA256SUMS and the digests confirm', async () => {
    const parts = sample(contents);
    await write(parts, out, { sign: signer });
    const to = join(folder.path, 'unpacked');
    await mkdir(to);
    await run('tar', ['--extract', '--file', out], { cwd: to });
    await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: to });
    for (const [digest, bytes] of parts.blobs) {
      const path = join(to, digest.replace('sha256:', 'blobs/sha256/'));
      expect((await readFile(path)).equals(bytes)).toBe(true);
    }
  });

  test('has a signature that openssl accepts', async () => {
    await write(sample(contents), out, { sign: signer });
    const cwd = folder.path;
    await run('tar', ['--extract', '--file', out, 'bundle.json', 'bundle.sig'], { cwd });
    await run('openssl', ['base64', '-d', '-A', '-in', 'bundle.sig', '-out', 'raw.sig'], { cwd });
    const verify = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', key, '-sigfile', 'raw.sig'];
    await run('openssl', [...verify, '-in', 'bundle.json'], { cwd });
  });

  test('has its checksum beside it', async () => {
    const written = await write(sample(contents), out, { sign: signer });
    const bytes = await readFile(out);
    expect(written).toEqual({
      path: out,
      parts: [out],
      installScript: join(folder.path, 'out', 'install.sh'),
      size: bytes.length,
      resumed: 0,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    await run('sha256sum', ['--check', '--strict', 'sample-1.0.0.tar.sha256'], {
      cwd: join(folder.path, 'out'),
    });
    expect(await outFolder()).toEqual(threeFiles);
  });

  test('is the same in another zone, under another umask, with other readers', async () => {
    const first = await write(sample(contents), out, { sign: signer });
    const before = { umask: process.umask(0o077), zone: process.env.TZ };
    process.env.TZ = 'Pacific/Kiritimati';
    try {
      const second = await write(sample(contents), `${out}.2`, { sign: signer, concurrency: 1 });
      expect(second.sha256).toBe(first.sha256);
    } finally {
      process.umask(before.umask);
      if (before.zone === undefined) delete process.env.TZ;
      else process.env.TZ = before.zone;
    }
  });

  test('takes the place of an older one, and of what a killed run left', async () => {
    await write(sample([]), out);
    const left = join(folder.path, 'out', '.sample-1.0.0.tar.partial-0123');
    await writeFile(left, 'left behind');
    await utimes(left, 0, 0);
    const written = await write(sample(contents), out, { sign: signer });
    expect((await readFile(out)).length).toBe(written.size);
    expect(await outFolder()).toEqual(threeFiles);
  });

  test('tells how far it is', async () => {
    const context = testContext();
    await writeBundle(jobFor(sample(contents), out), context);
    const total = contents.reduce((sum, { length }) => sum + length, 0);
    expect(context.events.at(-1)).toEqual({ kind: 'bytes', done: total, total });
  });

  test('may have one damaged read of a blob', async () => {
    const parts = sample(contents);
    let reads = 0;
    const readBlob = async ({ digest }: { digest: string }) => {
      const bytes = [...parts.blobs].find(([name]) => name === digest)?.[1] ?? Buffer.alloc(0);
      return whole(Readable.from([bytes === large && reads++ === 0 ? bytes.subarray(1) : bytes]));
    };
    const written = await write(parts, out, { readBlob });
    expect(reads).toBe(2);
    expect(written.sha256).toBe((await write(parts, `${out}.2`)).sha256);
  });
});

describe('nothing is at the final name, and the older bundle stays,', () => {
  let older: Buffer;
  beforeEach(async () => {
    await write(sample([]), out);
    older = await readFile(out);
  });
  afterEach(async () => {
    expect((await readFile(out)).equals(older)).toBe(true);
    expect(await outFolder()).toEqual(threeFiles);
  });
  const flipped = Buffer.from(large);
  flipped[1_000_000] = 0;

  test.each([
    ['is flipped', flipped],
    ['is too short', large.subarray(1)],
    ['is too long', Buffer.concat([large, Buffer.alloc(1)])],
    ['is empty', Buffer.alloc(0)],
  ])('when a blob %s', async (_, wrong) => {
    const parts = sample(contents);
    const digest = parts.inventory.blobs.at(-1)?.digest ?? '';
    const readBlob = async (blob: { digest: string }) =>
      whole(Readable.from([blob.digest === digest ? wrong : (contents.find(matches(blob)) ?? '')]));
    const matches = (blob: { digest: string }) => (bytes: Buffer) =>
      blob.digest === `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await expect(write(parts, out, { readBlob })).rejects.toMatchObject({
      class: 'integrity',
      message: expect.stringContaining(digest),
    });
  });

  test('when a size in the inventory is wrong', async () => {
    const parts = sample([large]);
    const blobs = parts.inventory.blobs.map((blob) => ({ ...blob, size: blob.size + 1 }));
    const wrong = { ...parts, inventory: { ...parts.inventory, blobs } };
    await expect(write(wrong, out)).rejects.toMatchObject({ class: 'integrity' });
  });

  test('when the inventory could not be read back', async () => {
    const image = {
      source: 'a:1',
      digest: `sha256:${'0'.repeat(64)}`,
      mediaType: 'a/b',
      size: 1,
      platforms: [],
      placements: [{ reference: 'h.example/a:1', askedForBy: 'both' }],
      pinnedBy: 'tag',
    } as never;
    const writing = write(sample(contents, { images: [image] }), out);
    await expect(writing).rejects.toMatchObject({ class: 'usage' });
  });

  test('when no verify would take the inventory', async () => {
    const parts = sample([]);
    const pullThrough = Array.from({ length: 70_000 }, (_, at) => `cache${at}`);
    const target = { ...parts.inventory.target, pullThrough };
    const inventory = { ...parts.inventory, target };
    await expect(write({ ...parts, inventory }, out)).rejects.toMatchObject({
      class: 'usage',
      given: expect.stringMatching(/^line \d+: too many values$/),
    });
  });

  test('when the disk has too little room', async () => {
    const parts = sample([]);
    const huge = { digest: `sha256:${'0'.repeat(64)}`, size: 2 ** 52 } as never;
    const wrong = { ...parts, inventory: { ...parts.inventory, blobs: [huge] } };
    await expect(write(wrong, out)).rejects.toMatchObject({
      class: 'io',
      expected: expect.stringMatching(/^\d+ bytes$/),
    });
  });
});

test('a reader that fails has its error passed on while others still wait', async () => {
  const failure = new AirgapError('integrity', 'the blob is another');
  const readBlob = async ({ size }: { size: number }) => {
    if (size > 512) throw failure;
    return whole(new Readable({ read() {} }));
  };
  const writing = write(sample(contents), out, { readBlob, concurrency: 4 });
  await expect(writing).rejects.toBe(failure);
  expect(await outFolder()).toEqual([]);
});

test('a folder that cannot be made is a failure of the disk', async () => {
  await writeFile(join(folder.path, 'file'), '');
  const writing = write(sample([]), join(folder.path, 'file', 'x.tar'));
  await expect(writing).rejects.toMatchObject({
    class: 'io',
    given: expect.stringContaining('file'),
  });
});

test('a full disk leaves nothing', async () => {
  const mount = join(folder.path, 'out');
  const disk = await mountSmallDisk(mount, 4);
  try {
    const parts = sample([large]);
    const readBlob = async () => {
      await writeFile(join(mount, 'another'), Buffer.alloc(2_000_000));
      return whole(Readable.from([large.subarray(0, 1_000_000), large.subarray(1_000_000)]));
    };
    await expect(write(parts, out, { readBlob })).rejects.toMatchObject({
      class: 'io',
      given: expect.stringContaining('ENOSPC'),
    });
    expect(await outFolder()).toEqual(['another']);
  } finally {
    await disk.unmount();
  }
});
