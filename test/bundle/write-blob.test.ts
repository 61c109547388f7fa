import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeBundle } from '../../src/bundle/write.ts';
import type { BlobContent, ByteRange } from '../../src/registry/api.ts';
import { AirgapError } from '../../src/report/error.ts';
import { jobFor, sample, temporaryFolder, testContext, write } from './sample.ts';

const mebibyte = 1024 ** 2;
/** Three ranges of 32 MiB, the last one shorter. */
const large = randomBytes(80 * mebibyte);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let out: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  out = join(folder.path, 'out', 'sample-1.0.0.tar');
});
afterEach(() => folder.remove());

const piece = (start: number, end: number) =>
  Readable.from([large.subarray(start, end)], { objectMode: false });
const ranged = ({ start, end }: ByteRange): BlobContent => ({
  status: 206,
  body: piece(start, end + 1),
});
const whole = (): BlobContent => ({ status: 200, body: piece(0, large.length) });

describe('a large blob is read in ranges', () => {
  test.each<[string, (range: ByteRange) => BlobContent, number]>([
    ['side by side', ranged, 3],
    ['or in one stream, by a source that knows none', whole, 1],
    [
      'and whole where a source stops to know them',
      (range) => (range.start === 0 ? ranged(range) : whole()),
      3,
    ],
  ])('%s', async (_, answer, reads) => {
    const asked: ByteRange[] = [];
    const readBlob = async (_blob: unknown, range?: ByteRange) => {
      if (range === undefined) throw new Error('a large blob is asked for by ranges');
      asked.push(range);
      return answer(range);
    };
    const context = testContext();
    await writeBundle(jobFor(sample([large]), out, { readBlob }), context);
    expect(asked).toHaveLength(reads);
    expect((await readFile(out)).includes(large.subarray(-mebibyte))).toBe(true);
    expect(context.events.at(-1)).toEqual({
      kind: 'bytes',
      done: large.length,
      total: large.length,
    });
  });

  test('a range that fails ends the others', async () => {
    const failure = new AirgapError('authentication', 'no more');
    const endless = new Readable({ read() {} });
    const readBlob = async (_: unknown, range?: ByteRange): Promise<BlobContent> => {
      if (range?.start === 0) return { status: 206, body: endless };
      throw failure;
    };
    await expect(write(sample([large]), out, { readBlob })).rejects.toBe(failure);
    expect(endless.destroyed).toBe(true);
  });
});

describe('a large blob that was stopped in the middle', () => {
  /** Each range comes up to here, then nothing more does. */
  const reached = 5 * mebibyte;

  async function stopHalfway() {
    const context = testContext();
    let begun = 0;
    const readBlob = async (_: unknown, range: ByteRange = { start: 0, end: 0 }) => {
      if (++begun === 3) void vi.waitFor(allNoted, { timeout: 20_000 }).finally(context.abort);
      const body = new Readable({ read() {} });
      body.push(large.subarray(range.start, range.start + reached));
      return { status: 206, body } as BlobContent;
    };
    await expect(
      writeBundle(jobFor(sample([large]), out, { readBlob }), context),
    ).rejects.toThrow();
  }

  /** In the block before the body: a count of 256 KiB for each of the three ranges. */
  async function allNoted() {
    const notes = Buffer.from('a byte a range:\n\x14\x14\x14');
    expect((await readFile(await partial())).includes(notes)).toBe(true);
  }

  async function partial(): Promise<string> {
    const [left = ''] = (await readdir(join(out, '..'))).filter((name) => name.includes('partial'));
    return join(out, '..', left, 'sample-1.0.0.tar');
  }

  async function again(answer = ranged) {
    const asked: number[] = [];
    const readBlob = async (_: unknown, range: ByteRange = { start: 0, end: large.length - 1 }) => {
      asked.push(range.start);
      return answer(range);
    };
    const written = await write(sample([large]), out, { readBlob });
    expect((await readFile(out)).includes(large)).toBe(true);
    return { asked, resumed: written.resumed };
  }

  const starts = [0, 32, 64].map((start) => start * mebibyte);

  test('is gone on with in every range', async () => {
    await stopHalfway();
    const { asked, resumed } = await again();
    expect(asked).toEqual(starts.map((start) => start + reached));
    expect(resumed).toBe(3 * reached);
  });

  test('is read whole from a source that knows no ranges', async () => {
    await stopHalfway();
    expect(await again(whole)).toEqual({ asked: [reached], resumed: 0 });
  });

  test('is read once more where what was left is damaged', async () => {
    await stopHalfway();
    const path = await partial();
    const bytes = await readFile(path);
    bytes.write('flipped', bytes.indexOf(large.subarray(0, 1000)) + 500);
    await writeFile(path, bytes);
    const { asked, resumed } = await again();
    expect(asked).toEqual([...starts.map((start) => start + reached), ...starts]);
    expect(resumed).toBe(0);
  });
});
