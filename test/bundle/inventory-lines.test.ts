import { describe, expect, test } from 'vitest';
import { printInventory } from '../../src/bundle/inventory-json.ts';
import { parsePrintedInventory } from '../../src/bundle/inventory-lines.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { sample } from './sample.ts';

const plain = sample([Buffer.from('manifest'), Buffer.from('layer')]).inventory;
const base = {
  name: 'sample',
  version: '0.9.0',
  sequence: 6,
  inventoryDigest: digestOf(Buffer.from('older')),
  blobs: ['one', 'two'].map((text) => ({ digest: digestOf(Buffer.from(text)), size: 3 })),
};
const delta: Inventory = { ...plain, base };
const printed = printInventory(delta).toString();

describe('what was printed comes back', () => {
  test.each<[string, Inventory]>([
    ['of a bundle', plain],
    ['of a delta', delta],
    ['of a delta that leaves nothing out', { ...plain, base: { ...base, blobs: [] } }],
    ['without files and blobs', { ...plain, files: [], blobs: [] }],
    [
      'with a map of megabytes',
      { ...plain, target: { ...plain.target, mirrorMap: '"\\,{[\n'.repeat(2 ** 17) } },
    ],
  ])('%s', (_, inventory) => {
    expect(parsePrintedInventory(printInventory(inventory))).toEqual(inventory);
  });
});

describe('nothing else is taken', () => {
  const swap = (from: string, to: string) => {
    expect(printed).toContain(from);
    return printed.replace(from, () => to);
  };
  const firstBlob = JSON.stringify(plain.blobs[0]);
  test.each<[string, () => string | Buffer, RegExp]>([
    ['another layout', () => JSON.stringify(delta), /line 0: the end is missing/],
    ['an indent', () => swap('"sequence"', ' "sequence"'), /line 5: no field/],
    ['CRLF', () => printed.replaceAll('\n', '\r\n'), /line 1/],
    ['no last line break', () => printed.slice(0, -1), /the end is missing/],
    ['a second document', () => printed + printed, /more after the end/],
    ['a field twice', () => swap('"sequence": 7', '"sequence": 7,\n"sequence": 7'), /twice/],
    [
      'fields in another order',
      () => swap('"name": "sample",\n"version": "1.0.0"', '"version": "1.0.0",\n"name": "sample"'),
      /out of order/,
    ],
    ['a list twice', () => swap('"blobs": [', `"blobs": [\n${firstBlob}\n],\n"blobs": [`), /twice/],
    ['an unknown field', () => swap('"sequence": 7', '"sequence": 7,\n"extra": 1'), /extra/],
    ['__proto__', () => swap('"sequence": 7', '"sequence": 7,\n"__proto__": {}'), /no field/],
    ['a missing field', () => swap('"sequence": 7,\n', ''), /sequence/],
    ['two elements on a line', () => swap('},\n{"digest"', '},{"digest"'), /line \d+: not JSON/],
    ['a list on one line', () => swap('"blobs": [\n', '"blobs": ['), /line \d+: not JSON/],
    ['a comma too many', () => swap('}\n],\n"base"', '},\n],\n"base"'), /not JSON|Invalid/],
    ['a comma missing', () => swap('],\n"base"', ']\n"base"'), /line \d+: not }/],
    ['an element with a field twice', () => swap('{"digest":', '{"digest":"x","digest":'), /twice/],
    ['a size of 1.0', () => swap('"size":3}', '"size":3.0}'), /shortest/],
    ['a size beyond 2^53-1', () => swap('"size":3}', '"size":9007199254740993}'), /line \d+: size/],
    ['a blob of the base without a comma', () => swap('},{"digest"', '} {"digest"'), /no list/],
    ['a base with more behind its blobs', () => swap('}]}', '}],"extra":1}'), /base|field/],
    ['a base with blobs twice', () => swap('"blobs":[{', '"blobs":[],"blobs":[{'), /not JSON/],
    ['a lone surrogate', () => swap('harbor.example.org', '\\ud800'), /surrogate/],
    ['a surrogate in UTF-8', () => withBytes(0xed, 0xa0, 0x80), /line \d+: not UTF-8/],
    ['invalid UTF-8', () => withBytes(0xc3, 0x28), /line \d+: not UTF-8/],
    ['a byte order mark', () => `\ufeff${printed}`, /line 1/],
    ['nothing', () => '', /the end is missing/],
  ])('not %s', (_, make, given) => {
    const bytes = Buffer.from(make());
    expect(() => parsePrintedInventory(bytes)).toThrow(
      expect.objectContaining({ class: 'integrity', given: expect.stringMatching(given) }),
    );
  });

  function withBytes(...bytes: number[]): Buffer {
    const text = Buffer.from(printed).toString('latin1');
    return Buffer.from(text.replace('harbor', String.fromCharCode(...bytes)), 'latin1');
  }

  test.each<[string, (most: string) => string]>([
    ['a million values on a line', (most) => swap('"platforms": [', `"platforms": [${most}`)],
    ['a million values in an element', (most) => swap('{"digest"', `{"a":[${most}0],"digest"`)],
    ['a million values in the base', (most) => swap('"base": {', `"base": {"a":[${most}0],`)],
    ['a million brackets', (most) => swap('"target": {', `"target": ${'['.repeat(most.length)}{`)],
  ])('%s are not even parsed', (_, make) => {
    expect(() => parsePrintedInventory(Buffer.from(make('0,'.repeat(2 ** 20))))).toThrow(
      expect.objectContaining({ given: expect.stringContaining('too many values') }),
    );
  });

  test('a bundle that could not be read again is not written', () => {
    const mirrorMap = 'x'.repeat(24 * 2 ** 20);
    expect(() => printInventory({ ...plain, target: { ...plain.target, mirrorMap } })).toThrow(
      expect.objectContaining({ class: 'usage', given: expect.stringContaining('over 24 MiB') }),
    );
  });
});
