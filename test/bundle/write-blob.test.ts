import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
