import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { open, truncate, writeFile } from 'node:fs/promises';
import { encodeHeader, layOut } from '../../src/bundle/archive.ts';
import { printInventory } from '../../src/bundle/inventory-json.ts';
import { printSignature } from '../../src/bundle/sign.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { sample } from '../../test/bundle/sample.ts';
import type { Random } from '../random.ts';
import { type Case, notApplicable, refused, type Trial, type Verdict } from '../trial.ts';
import { makePair, outcomeOf, Workshop } from './bundles.ts';

const shop = new Workshop();
const pair = makePair();
const given = { keys: [pair.key] };

export const truncated: Trial = {
  id: 'T6',
  title: 'a bundle that was cut anywhere is refused',
  star: false,
  cases: (size) => [
    { name: 'at each percent, and at each of the last blocks', run: () => cutAll(size) },
  ],
  close: shop.close,
};

async function cutAll(size: string): Promise<Verdict> {
  const bytes = await shop.make(pair);
  const percents = Array.from({ length: 100 }, (_, at) => Math.floor((bytes.length * at) / 100));
  const blocks = Array.from({ length: 64 }, (_, at) => bytes.length - 512 * (at + 1));
  const cuts = [...percents, ...blocks, ...blocks.map((at) => at + 1)].filter((at) => at >= 0);
  for (const cut of cuts.filter((_, at) => size !== 'smoke' || at % 5 === 0)) {
    const outcome = await shop.open(bytes.subarray(0, cut), given);
    assert.equal(outcome, 'integrity', `cut to ${cut} bytes`);
  }
  return refused({ cuts: cuts.length });
}

const GiB = 2 ** 30;

/** Headers beyond 8 GiB, offsets beyond what 31, 32 and 33 bits hold. */
export const huge: Trial = {
  id: 'T11',
  title: 'a changed byte is found beyond 2^31, 2^32 and 2^33 too',
  star: false,
  cases: (size) => {
    const sizes = { smoke: [], small: [3], full: [3, 5, 9] }[size];
    return sizes.map(
      (count): Case => ({
        name: `a layer of ${count} GiB`,
        seconds: 600,
        run: (random) => changeBeyond(count * GiB, random),
      }),
    );
  },
  close: shop.close,
};

async function changeBeyond(size: number, random: Random): Promise<Verdict> {
  const path = await shop.at('huge.tar');
  const { start, whole } = await writeSparse(path, size);
  assert.equal(await outcomeOf(path, given), 'accepted');
  const borders = [2 ** 31, 2 ** 32, 2 ** 33].filter((at) => at < whole);
  if (borders.length === 0) return notApplicable;
  for (const at of [...borders, start + random.below(size)]) {
    const file = await open(path, 'r+');
    await file.write(Buffer.of(1), 0, 1, at);
    assert.equal(await outcomeOf(path, given), 'integrity', `byte ${at}`);
    await file.write(Buffer.of(0), 0, 1, at);
    await file.close();
  }
  return refused({ GiB: size / GiB });
}

/** A signed bundle whose one layer is a hole, which reads as zeros. */
async function writeSparse(path: string, size: number) {
  const digest = hashOfZeros(size);
  const { inventory, files } = sample([]);
  const printed = printInventory({ ...inventory, blobs: [{ digest, size }] });
  const signature = printSignature(pair.signer.sign(printed));
  const archive = layOut(
    { ...inventory, blobs: [{ digest, size }] },
    { inventory: printed, signature },
  );
  await writeFile(path, '');
  await truncate(path, archive.size);
  const bodies = new Map([...files, ['bundle.json', printed], ['bundle.sig', signature]]);
  const file = await open(path, 'r+');
  for (const entry of archive.entries) {
    await file.write(encodeHeader(entry, archive.mtime), 0, 512, entry.start);
    const body = bodies.get(entry.path);
    if (body) await file.write(body, 0, body.length, entry.start + 512);
  }
  await file.close();
  const start = (archive.entries.at(-1)?.start ?? 0) + 512;
  return { start, whole: archive.size };
}

function hashOfZeros(size: number): Digest {
  const zeros = Buffer.alloc(64 * 2 ** 20);
  const hash = createHash('sha256');
  for (let left = size; left > 0; left -= zeros.length)
    hash.update(zeros.subarray(0, Math.min(left, zeros.length)));
  return `sha256:${hash.digest('hex')}` as Digest;
}
