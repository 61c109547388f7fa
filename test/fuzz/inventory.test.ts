import { expect, test } from 'vitest';
import { parseInventory, printInventory } from '../../src/bundle/inventory-json.ts';
import { parsePrintedInventory } from '../../src/bundle/inventory-lines.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { AirgapError } from '../../src/report/error.ts';
import fc from '../helpers/seeded.ts';

const hex = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'),
  minLength: 64,
  maxLength: 64,
});
const digest = hex.map((text) => `sha256:${text}` as Digest);
const size = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 33, Number.MAX_SAFE_INTEGER));
/** Every character but lone surrogates. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('"', '\\', '\n', '},{', ']}', '__proto__'),
);
const word = fc.string({ unit: fc.constantFrom(...'abz09'), minLength: 1, maxLength: 6 });
const blob = fc.record({ digest, size });
const blobs = fc.uniqueArray(blob, { selector: (one) => one.digest, maxLength: 5 });
const place = fc.constantFrom<'webhook' | 'containerd' | 'both'>('webhook', 'containerd', 'both');
const reference = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const image = fc.record({
  source: reference,
  digest,
  mediaType: word,
  size,
  platforms: fc.array(word, { maxLength: 2 }),
  // One that is placed would have to be among the blobs.
  placements: fc.constant([]),
  pinnedBy: fc.constantFrom<'tag' | 'digest'>('tag', 'digest'),
});
const placed = fc.record({ reference, askedForBy: place });
const file = fc.record({ path: word, size, sha256: hex, mode: fc.constantFrom(0o644, 0o755) });
const moment = fc
  .integer({ min: 0, max: 8_000_000_000 })
  .map((at) => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`);

const inventory: fc.Arbitrary<Inventory> = fc
  .record({
    schemaVersion: fc.constant(1 as const),
    name: word,
    version: word,
    sequence: size,
    createdAt: moment,
    expiresAt: fc.option(moment, { nil: undefined }),
    tool: fc.record({ name: text, version: text }),
    target: fc.record({
      endpoint: reference,
      baseContentPath: text,
      plainHttp: fc.boolean(),
      insecureSkipVerify: fc.boolean(),
      caCert: fc.option(text, { nil: undefined }),
      mirrorMap: text,
      environment: fc.constantFrom<'airgap' | 'non-airgap'>('airgap', 'non-airgap'),
      pullThrough: fc.option(fc.array(text, { maxLength: 2 }), { nil: undefined }),
    }),
    platforms: fc.array(word, { maxLength: 2 }),
    images: fc
      .array(fc.tuple(image, fc.array(placed, { maxLength: 2 })), { maxLength: 3 })
      .map((all) => all.map(([one, placements]) => ({ ...one, placements }))),
    files: fc.uniqueArray(file, { selector: (one) => one.path, maxLength: 4 }),
    blobs,
    base: fc.option(
      fc.record({ name: word, version: word, sequence: size, inventoryDigest: digest, blobs }),
      { nil: undefined },
    ),
  })
  .map((made) => {
    const carried = new Set(made.images.map((one) => one.digest));
    const more = [...carried].map((one) => ({ digest: one, size: 1 }));
    const all = [...more, ...made.blobs.filter((one) => !carried.has(one.digest))];
    return JSON.parse(JSON.stringify({ ...made, blobs: all })) as Inventory;
  });

test('what is printed comes back, by lines and as a person may lay it out', () => {
  fc.assert(
    fc.property(inventory, (made) => {
      const bytes = printInventory(made);
      expect(parsePrintedInventory(bytes)).toEqual(made);
      expect(parseInventory(bytes)).toEqual(made);
      expect(
        parseInventory(Buffer.from(JSON.stringify(JSON.parse(bytes.toString()), null, 3))),
      ).toEqual(made);
    }),
    { numRuns: 300 },
  );
});

const edit = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  fc.nat(3),
  fc.oneof(
    fc.constantFrom(
      '"',
      ',',
      '{',
      '}',
      '[',
      ']',
      '\n',
      ' ',
      '0',
      '1.0',
      'null',
      '\\u0041',
      '\\ud800',
      '"a":1,',
    ),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  ),
);

test('of changed bytes none is read that is not what would be printed: two readers cannot disagree', () => {
  let taken = 0;
  fc.assert(
    fc.property(inventory, fc.array(edit, { minLength: 1, maxLength: 3 }), (made, edits) => {
      const bytes = edits.reduce((before, [where, length, put]) => {
        const at = Math.floor(where * before.length);
        return Buffer.concat([
          before.subarray(0, at),
          Buffer.from(put, 'latin1'),
          before.subarray(at + length),
        ]);
      }, printInventory(made));
      try {
        const read = parsePrintedInventory(bytes);
        taken++;
        expect(printInventory(read).equals(bytes)).toBe(true);
      } catch (error) {
        if (!(error instanceof AirgapError)) throw error;
        expect(error.class).toBe('integrity');
      }
    }),
    { numRuns: 2000 },
  );
  // Else the property would be about refusals alone.
  expect(taken).toBeGreaterThan(0);
});
