import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { shareOut } from '../../src/plan/share-out.ts';
import fc from '../helpers/seeded.ts';

type Unit = { readonly blobs: ReadonlyMap<Digest, number> };

const digest = (name: string) => digestOf(Buffer.from(name));

/** `base:100 own:1` → the blobs of one image. */
function unit(text: string): Unit {
  const blobs = text.split(' ').filter(Boolean);
  return {
    blobs: new Map(
      blobs.map((blob) => {
        const [name = '', size = '1'] = blob.split(':');
        return [digest(name), Number(size)];
      }),
    ),
  };
}

const bytes = (units: readonly Unit[]) =>
  [...new Map(units.flatMap(({ blobs }) => [...blobs])).values()].reduce((a, b) => a + b, 0);
const loads = (units: readonly Unit[], shares: readonly (readonly number[])[]) =>
  shares.map((share) => bytes(share.map((at) => units[at] as Unit)));
const heaviest = (all: readonly number[]) => Math.max(0, ...all);
const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

/** Images of which some have layers in common, as families of images have. */
const anyUnits = fc
  .array(
    fc.record({
      family: fc.integer({ min: 0, max: 4 }),
      depth: fc.integer({ min: 0, max: 3 }),
      own: fc.integer({ min: 0, max: 1_000 }),
    }),
    { maxLength: 30 },
  )
  .map((images): Unit[] =>
    images.map(({ family, depth, own }, at) => {
      const layers = Array.from({ length: depth }, (_, n) => `f${family}.${n}:${300 * (n + 1)}`);
      return unit([...layers, `own${at}:${own}`].join(' '));
    }),
  );
const anyCount = fc.integer({ min: 1, max: 9 });

describe('any images in any number of shares', () => {
  test('are each in one', () => {
    fc.assert(
      fc.property(anyUnits, anyCount, (units, count) => {
        const shares = shareOut(units, count);
        expect(shares).toHaveLength(count);
        expect(shares.flat().sort((a, b) => a - b)).toEqual(units.map((_, at) => at));
      }),
    );
  });

  test('none of which is much heavier than a fair one', () => {
    fc.assert(
      fc.property(anyUnits, anyCount, (units, count) => {
        const each = units.map((one) => bytes([one]));
        const most = heaviest(loads(units, shareOut(units, count)));
        expect(most).toBeLessThanOrEqual(1.05 * (sum(each) / count + heaviest(each)) + 1e-6);
      }),
    );
  });

  test('cut no more bytes apart than sharing out by size alone, where that is as even', () => {
    fc.assert(
      fc.property(anyUnits, anyCount, (units, count) => {
        const ours = loads(units, shareOut(units, count));
        const naive = loads(units, bySize(units, count));
        if (heaviest(naive) <= heaviest(ours)) expect(sum(ours)).toBeLessThanOrEqual(sum(naive));
      }),
      // What it guards against is rare.
      { numRuns: 1_500 },
    );
  });

  test('are shared out the same way each time', () => {
    fc.assert(
      fc.property(anyUnits, anyCount, (units, count) => {
        const again = units.map(({ blobs }) => ({ blobs: new Map([...blobs].reverse()) }));
        expect(shareOut(again, count)).toEqual(shareOut(units, count));
      }),
    );
  });
});

/** The heaviest first, each to whoever has the fewest bytes by then. */
function bySize(units: readonly Unit[], count: number): number[][] {
  const shares: number[][] = Array.from({ length: count }, () => []);
  const order = units.map((_, at) => at).sort((a, b) => bytesAt(units, b) - bytesAt(units, a));
  for (const at of order) {
    const now = loads(units, shares);
    shares[now.indexOf(Math.min(...now))]?.push(at);
  }
  return shares;
}

const bytesAt = (units: readonly Unit[], at: number) => bytes([units[at] as Unit]);

describe('images that share layers', () => {
  test.each([
    [
      'stay together, where there are as many families as shares',
      ['a:50 1:5', 'b:50 2:5', 'a:50 3:5', 'b:50 4:5', 'a:50 5:5', 'b:50 6:5'],
      2,
      [
        [0, 2, 4],
        [1, 3, 5],
      ],
    ],
    [
      'are cut apart where one share would have all',
      ['a:10 1:50', 'a:10 2:50', 'a:10 3:50', 'a:10 4:50'],
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [
      'are not bound by what hardly weighs',
      ['empty:1 1:500', 'empty:1 2:400', 'empty:1 3:300'],
      3,
      [[0], [1], [2]],
    ],
    ['all weigh nothing', ['', '', ''], 2, [[0, 1, 2], []]],
    ['are fewer than the shares', ['a:5'], 3, [[0], [], []]],
    ['are none', [], 2, [[], []]],
  ])('%s', (_, units, count, expected) => {
    expect(shareOut(units.map(unit), count)).toEqual(expected);
  });
});

test('many small families are not cut apart', () => {
  const units = Array.from({ length: 600 }, (_, at) => unit(`f${at % 300}:10 own${at}:1`));
  const shared = loads(units, shareOut(units, 2));
  expect(sum(shared)).toBe(bytes(units));
  expect(heaviest(shared)).toBeLessThanOrEqual((bytes(units) / 2) * 1.05);
});
