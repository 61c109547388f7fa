import { createHash, randomBytes } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HashThreads } from '../../src/bundle/hash-threads.ts';
import { openVolume } from '../../src/bundle/open-volume.ts';
import type { Volume } from '../../src/bundle/volume.ts';
import { temporaryFolder } from './sample.ts';

const bytes = randomBytes(3_000_000);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let volume: Volume;
let threads: HashThreads;
beforeEach(async () => {
  folder = await temporaryFolder();
  const path = join(folder.path, 'bytes.tar');
  await writeFile(path, bytes);
  volume = await openVolume(path);
  threads = new HashThreads(volume);
});
afterEach(async () => {
  await threads.close();
  await volume.close();
  await folder.remove();
});

const sum = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

test('hashes that run side by side take in ranges in the order of asking', async () => {
  const [one, two] = [threads.start(), threads.start()];
  await Promise.all([
    one.update(1_000, 500_000),
    two.update(0, 10),
    one.update(0, 1_000),
    two.update(10, 2_999_990),
  ]);
  expect(await one.digest()).toBe(sum(bytes.subarray(1_000, 501_000), bytes.subarray(0, 1_000)));
  expect(await two.digest()).toBe(sum(bytes));
});

test('a file that has become shorter is damage', async () => {
  await truncate(volume.path, 2_999_500);
  const updating = threads.start().update(2_999_000, 1_000);
  await expect(updating).rejects.toMatchObject({ class: 'integrity' });
});

test('nobody waits for a thread that has ended', async () => {
  const hash = threads.start();
  const waiting = hash.update(0, bytes.length);
  const told = expect(waiting).rejects.toThrow('ended');
  await threads.close();
  await told;
  await expect(hash.update(0, 1)).rejects.toThrow('ended');
  expect(() => threads.start()).toThrow('closed');
});
