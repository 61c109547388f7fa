import { describe, expect, test } from 'vitest';
import { parseInventory, printInventory } from '../../src/bundle/inventory-json.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { sample } from './sample.ts';

const digest = digestOf(Buffer.from('manifest'));
const plain = sample([Buffer.from('manifest'), Buffer.from('layer')]).inventory;
const image = {
  source: 'nginx:1.27',
  digest,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 8,
  platforms: ['linux/amd64'],
  placements: [
    { reference: 'harbor.example.org/airgap-images/docker.io/nginx:1.27', askedForBy: 'webhook' },
  ],
  pinnedBy: 'tag',
} as const;
const referrer = { subject: digest, images: [digest], artifactType: 'application/spdx+json' };
const root = { mediaType: 'application/vnd.oci.image.index.v1+json', digest, size: 8 };
const full: Inventory = {
  ...plain,
  expiresAt: '2027-01-01T00:00:00Z',
  target: { ...plain.target, caCert: '-----BEGIN…\n"ü€😀"\\\n', pullThrough: ['h.example/p'] },
  root: { ...root, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
  moreRoots: [root],
  images: [
    image,
    { ...image, pinnedBy: 'digest', originalDigest: digest },
    { ...image, source: `docker.io/library/nginx@${digest}`, referrer },
  ],
  chart: { name: 'image-swap', version: '1.5.3', digest },
  base: {
    name: 'sample',
    version: '0.9.0',
    sequence: 6,
    inventoryDigest: digest,
    blobs: [{ digest: digestOf(Buffer.from('left out')), size: 8 }],
  },
};
const printed = printInventory(full).toString();

describe('an inventory', () => {
  test.each([
    ['with every field', full],
    ['with the least', { ...plain, files: [], blobs: [], platforms: [] }],
    ['without images inside', { ...plain, images: [image], blobs: [], imagesNotEmbedded: true }],
    [
      'with an image that has no placement',
      { ...plain, images: [{ ...image, placements: [] }], blobs: [] },
    ],
    ['with the largest numbers', { ...plain, sequence: Number.MAX_SAFE_INTEGER }],
  ] as [string, Inventory][])('%s comes back as it was', (_, inventory) => {
    expect(parseInventory(printInventory(inventory))).toEqual(inventory);
  });

  test('is printed alike whatever the order of its keys', () => {
    const turned = Object.fromEntries(Object.entries(full).reverse()) as unknown as Inventory;
    expect(printInventory(turned).toString()).toBe(printed);
  });

  test('is printed an element a line, so that sed finds a hash by its path', () => {
    const lines = printed.split('\n');
    expect(printed.endsWith('}\n')).toBe(true);
    for (const file of full.files) {
      const pattern = new RegExp(
        `^\\{"path":"${file.path.replaceAll('.', '\\.')}",.*"sha256":"([0-9a-f]{64})"`,
      );
      expect(lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])).toEqual([file.sha256]);
    }
    expect(lines.filter((line) => line.startsWith('{"source":'))).toHaveLength(3);
    expect(lines.filter((line) => /^\{"digest":/.test(line))).toHaveLength(2);
  });

  test('that a person laid out anew is the same plan', () => {
    const indented = Buffer.from(JSON.stringify(JSON.parse(printed), null, 4));
    expect(parseInventory(indented, 'usage')).toEqual(full);
  });

  test('may hold a megabyte in one string', () => {
    const mirrorMap = '\\"\n'.repeat(2 ** 20);
    const large = { ...plain, target: { ...plain.target, mirrorMap } };
    expect(parseInventory(printInventory(large))).toEqual(large);
  });
});

describe('the inventory of a part', () => {
  const shard = { plan: digest, number: 1, count: 1 };
  const whole = JSON.parse(printInventory({ ...plain, files: [], shard }).toString());
  const part = (number: number, count: number) =>
    Buffer.from(JSON.stringify({ ...whole, shard: { ...shard, number, count } }));

  test.each([
    [1, 1],
    [256, 256],
  ])('may be of the shard %i/%i', (number, count) => {
    expect(parseInventory(part(number, count)).shard).toMatchObject({ number, count });
  });

  test.each([
    [0, 1],
    [2, 1],
    [1, 257],
    [1, 2 ** 32],
  ])('is of no shard %i/%i', (number, count) => {
    expect(() => parseInventory(part(number, count))).toThrow(
      expect.objectContaining({ class: 'integrity' }),
    );
  });
});

describe('no inventory is', () => {
  const spliced = (...bytes: number[]) => {
    return Buffer.from(
      Buffer.from(printed, 'utf8')
        .toString('latin1')
        .replace('image-swap', String.fromCharCode(...bytes)),
      'latin1',
    );
  };
  const swap = (from: string, to: string) => {
    const text = printed.replace(from, to);
    expect(text).not.toBe(printed);
    return Buffer.from(text);
  };
  test.each([
    ['a field twice', swap('"sequence": 7', '"sequence": 8,\n"sequence": 7')],
    ['a field twice, once escaped', swap('"sequence": 7', '"sequenc\\u0065": 8,\n"sequence": 7')],
    ['a nested field twice', swap('"os":"linux"', '"os":"x","os":"linux"')],
    ['__proto__', swap('"sequence": 7', '"__proto__": {}, "sequence": 7')],
    ['an unknown field', swap('"sequence": 7', '"sequence": 7, "extra": 1')],
    ['an unknown nested field', swap('"os":"linux"', '"os":"linux","extra":1')],
    [
      'fields in another order',
      swap('"os":"linux","architecture":"arm"', '"architecture":"arm","os":"linux"'),
    ],
    ['a missing field', swap('"sequence": 7,\n', '')],
    ['a null for absent', swap('"variant":"v7"', '"variant":null')],
    ['another schema version', swap('"schemaVersion": 1', '"schemaVersion": 2')],
    ['1.5', swap('"sequence": 7', '"sequence": 1.5')],
    ['7.0', swap('"sequence": 7', '"sequence": 7.0')],
    ['7e0', swap('"sequence": 7', '"sequence": 7e0')],
    ['1e400', swap('"sequence": 7', '"sequence": 1e400')],
    ['-0', swap('"sequence": 7', '"sequence": -0')],
    ['-1', swap('"sequence": 7', '"sequence": -1')],
    ['9007199254740993', swap('"sequence": 7', '"sequence": 9007199254740993')],
    ['9007199254740992', swap('"sequence": 7', '"sequence": 9007199254740992')],
    ['a number as text', swap('"sequence": 7', '"sequence": "7"')],
    ['a lone surrogate', swap('image-swap', 'image-\\ud800')],
    ['a needless escape', swap('image-swap', 'image\\u002dswap')],
    ['invalid UTF-8', spliced(0xc3, 0x28)],
    ['an overlong UTF-8 slash', spliced(0xc0, 0xaf)],
    ['a surrogate in UTF-8', spliced(0xed, 0xa0, 0x80)],
    ['a byte order mark', Buffer.from(`\ufeff${printed}`)],
    ['text behind', Buffer.from(`${printed}{}`)],
    ['a comment', swap('"sequence": 7', '/* 8 */ "sequence": 7')],
    ['nothing', Buffer.alloc(0)],
    ['null', Buffer.from('null')],
    ['an array', Buffer.from('[]')],
    ['too much', Buffer.alloc(64 * 1024 * 1024 + 1, ' ')],
  ])('one with %s', (_, bytes) => {
    expect(() => parseInventory(bytes)).toThrow(expect.objectContaining({ class: 'integrity' }));
    expect(() => parseInventory(bytes, 'usage')).toThrow(
      expect.objectContaining({ class: 'usage' }),
    );
  });

  const change = (fields: object) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(printed), ...fields }));
  const file = { path: 'a', size: 1, sha256: '0'.repeat(64), mode: 0o644 };
  const ofNone = { ...referrer, images: [digestOf(Buffer.from('none'))] };
  const twice = [...(full.base?.blobs ?? []), ...(full.base?.blobs ?? [])];
  const files = (...paths: string[]) => ({ files: paths.map((path) => ({ ...file, path })) });
  test.each([
    ...[
      '/etc/passwd',
      '../x',
      'a/../b',
      'a/./b',
      './a',
      '.',
      '..',
      'a//b',
      'a/',
      '',
      'a b',
      'a\\b',
      'C:x',
    ],
    ...[
      'ü',
      'a\n',
      'a\0',
      '-a\tb',
      'bundle.json',
      'bundle.sig',
      'BUNDLE.SIG',
      'blobs',
      'blobs/sha256/x',
    ],
    ...['bundle.json/x', 'x'.repeat(100)],
  ])('one with a file named %j', (path) => {
    expect(() => parseInventory(change(files(path)))).toThrow(/not a valid inventory/);
  });
  test.each([
    ['a file twice', files('a', 'b', 'a')],
    ['a file that is a folder too', files('a/b', 'a')],
    ['a mode with more rights', { files: [{ ...file, mode: 0o4755 }] }],
    ['a hash in capitals', { files: [{ ...file, sha256: 'A'.repeat(64) }] }],
    ['a blob twice', { blobs: [...plain.blobs, ...plain.blobs] }],
    ['a root that is not inside', { blobs: plain.blobs.slice(1), images: [] }],
    [
      'an image that is not inside',
      { blobs: plain.blobs.slice(1), root: undefined, moreRoots: undefined },
    ],
    ['a referrer of no image', { images: [image, { ...image, referrer: ofNone }] }],
    ['a referrer of a referrer alone', { images: [{ ...image, referrer }] }],
    [
      'a referrer of nothing',
      { images: [image, { ...image, referrer: { ...referrer, images: [] } }] },
    ],
    ['a digest that climbs', { root: { ...root, digest: 'sha256:../x' } }],
    ['a name that climbs', { name: '../x' }],
    ['a version with a slash', { version: '1/2' }],
    ['a moment with a zone', { createdAt: '2026-11-22T16:00:00+01:00' }],
    ['a moment with milliseconds', { createdAt: '2026-11-22T16:00:00.000Z' }],
    ['a moment that never was', { createdAt: '2026-02-30T16:00:00Z' }],
    ['a moment before tar', { createdAt: '1969-12-31T23:59:59Z' }],
    ['a moment after tar', { createdAt: '2242-03-16T12:56:32Z' }],
    ['a base without its inventory', { base: { ...full.base, inventoryDigest: undefined } }],
    ['a base with another field', { base: { ...full.base, url: 'x' } }],
    ['a base with a name that climbs', { base: { ...full.base, name: '../x' } }],
    ['a base whose blobs have no size', { base: { ...full.base, blobs: [{ digest }] } }],
    ['a blob of the base twice', { base: { ...full.base, blobs: twice } }],
    ['a blob of the base inside', { base: { ...full.base, blobs: plain.blobs } }],
    ['a base, but no images inside', { imagesNotEmbedded: true }],
  ])('one with %s', (_, fields) => {
    expect(() => parseInventory(change(fields))).toThrow(/not a valid inventory/);
  });

  test('what these refusals start from is valid', () => {
    expect(parseInventory(change({}))).toEqual(full);
    expect(
      parseInventory(change({ ...files('a', 'b.c/d_e-f', '..a', 'x'.repeat(99)) })).files,
    ).toHaveLength(4);
  });
});
