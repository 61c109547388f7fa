import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { blockSize, layOut } from '../../src/bundle/archive.ts';
import { partPathOf } from '../../src/bundle/volume.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { type Sample, sample, write } from '../../test/bundle/sample.ts';
import { type Random, randomOf } from '../random.ts';
import { refused, type Trial, type Verdict } from '../trial.ts';
import { makePair, outcomeOf, Workshop } from './bundles.ts';

const shop = new Workshop();
const pair = makePair();
const given = { keys: [pair.key] };

/** Both are signed by a key that is trusted; their names, sizes and times are the same. */
export const mixed: Trial = {
  id: 'T10',
  title: 'what was taken from another signed bundle is found',
  star: false,
  isQuick: true,
  cases: (size) => {
    const count = { smoke: 20, small: 500, full: 5_000 }[size];
    return [
      { name: 'one part of B beside the others of A', run: eachPart },
      { name: 'one entry of B in A, its chart among them', run: eachEntry },
      {
        name: `${count} mixtures of parts`,
        seconds: 300,
        run: (random) => anyParts(count, random),
      },
    ];
  },
  close: shop.close,
};

/** Contents that follow from a word; of each word equally long. */
function contents(word: string): Sample {
  const noise = (length: number) => randomOf(word, length).bytes(length);
  const { inventory, files, blobs } = sample([noise(700), noise(3_000), noise(512)]);
  const [path, chart] = ['chart/image-swap-1.5.3.tgz', noise(1_800)];
  const described = { path, size: chart.length, sha256: hexOf(digestOf(chart)), mode: 0o644 };
  return {
    inventory: { ...inventory, files: [...inventory.files, described] },
    files: new Map([...files, [path, chart]]),
    blobs,
  };
}

interface Made {
  readonly inventory: Inventory;
  readonly bytes: Buffer;
}

async function make(word: string): Promise<Made> {
  const path = await shop.at(`${word}.tar`);
  const parts = contents(word);
  await write(parts, path, { sign: pair.signer });
  return { inventory: parts.inventory, bytes: await readFile(path) };
}

async function makeBoth(): Promise<readonly [Made, Made]> {
  const [a, b] = [await make('A'), await make('B')];
  assert.equal(a.bytes.length, b.bytes.length);
  assert.ok(!a.bytes.equals(b.bytes));
  return [a, b];
}

const partSize = 2_048;
const split = (bytes: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / partSize) }, (_, at) =>
    bytes.subarray(at * partSize, (at + 1) * partSize),
  );

async function openParts(parts: readonly Buffer[]): Promise<string> {
  const path = await shop.at('parts.tar');
  for (const [at, bytes] of parts.entries()) await writeFile(partPathOf(path, at + 1), bytes);
  return outcomeOf(path, given);
}

async function eachPart(): Promise<Verdict> {
  const [a, b] = (await makeBoth()).map(({ bytes }) => split(bytes)) as [Buffer[], Buffer[]];
  assert.equal(await openParts(a), 'accepted');
  assert.equal(await openParts(b), 'accepted');
  for (const [at, bytes] of b.entries()) {
    if (a[at]?.equals(bytes)) continue;
    const outcome = await openParts(a.with(at, bytes));
    assert.match(outcome, refusal(at), `part ${at + 1}`);
  }
  return refused({ parts: a.length });
}

/** What lies under the signature is read with it: where it is torn apart it is wrong. */
const refusal = (part: number) => (part < headParts ? /^(signature|integrity)$/ : /^integrity$/);
const headParts = 3;

async function eachEntry(): Promise<Verdict> {
  const [a, b] = await makeBoth();
  const entries = layOut(a.inventory, headOf(a.bytes)).entries.filter(
    ({ path }) => path !== 'bundle.json' && path !== 'bundle.sig',
  );
  let tried = 0;
  for (const { path, start, end } of entries) {
    const bytes = Buffer.from(a.bytes);
    b.bytes.copy(bytes, start + blockSize, start + blockSize, end);
    if (bytes.equals(a.bytes)) continue;
    tried++;
    assert.equal(await shop.open(bytes, given), 'integrity', path);
  }
  assert.ok(tried >= 4, 'the chart and three blobs differ');
  return refused({ entries: tried });
}

/** The bodies of the first two entries. */
function headOf(bytes: Buffer) {
  const sizeAt = (at: number) => Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8);
  const next = blockSize * (1 + Math.ceil(sizeAt(0) / blockSize));
  const body = (at: number) => bytes.subarray(at + blockSize, at + blockSize + sizeAt(at));
  return { inventory: body(0), signature: body(next) };
}

async function anyParts(count: number, random: Random): Promise<Verdict> {
  const [a, b] = (await makeBoth()).map(({ bytes }) => split(bytes)) as [Buffer[], Buffer[]];
  const whole = [Buffer.concat(a), Buffer.concat(b)];
  let tried = 0;
  while (tried < count) {
    const parts = a.map((part, at) => (random.chance(0.5) ? part : (b[at] ?? part)));
    if (whole.some((bytes) => bytes.equals(Buffer.concat(parts)))) continue;
    tried++;
    assert.match(await openParts(parts), /^(signature|integrity)$/);
  }
  return refused({ mixtures: tried, accepted: 0 });
}
