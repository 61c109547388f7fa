import { describe, expect, test } from 'vitest';
import type { BundleDiff } from '../../src/commands/diff.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { compare } from '../../src/plan/difference.ts';
import type { Inventory, InventoryImage } from '../../src/plan/inventory.ts';
import { bundleDiffText } from '../../src/report/diff-text.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;

function image(source: string, letter: string, ...references: string[]): InventoryImage {
  return {
    source,
    digest: digest(letter),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    size: 500,
    platforms: ['linux/amd64'],
    placements: references.map((reference) => ({ reference, askedForBy: 'both' })),
    pinnedBy: 'tag',
  };
}

const first: Inventory = {
  schemaVersion: 1,
  name: 'pcg',
  version: '1',
  sequence: 1,
  createdAt: '2026-01-01T00:00:00Z',
  tool: { name: 'airgap-bundle', version: '1.0.0' },
  target: {
    endpoint: 'h',
    baseContentPath: 'm',
    plainHttp: false,
    insecureSkipVerify: false,
    mirrorMap: '',
    environment: 'airgap',
  },
  platforms: [],
  images: [image('nginx:1', 'a', 'h/m/nginx:1')],
  files: [],
  blobs: [{ digest: digest('a'), size: 2048 }],
};

const about: BundleDiff['from'] = {
  path: '/in/pcg-1.tar',
  name: 'pcg',
  version: '1',
  sequence: 1,
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: null,
  isExpired: false,
  digest: digest('9'),
  signed: true,
  verified: true,
  keyId: 'k1',
  size: 4096,
  images: 1,
  carries: 'all',
  base: null,
};

function text(change: Partial<Inventory>, more: Partial<BundleDiff> = {}): string {
  const difference = compare(first, { ...first, ...change });
  return bundleDiffText({ from: about, to: about, ...difference, secretKeys: [], ...more });
}

test('two that install the same', () => {
  expect(text({})).toBe(`from  /in/pcg-1.tar: pcg 1, sequence 1, made 2026-01-01T00:00:00Z, 4.0 KiB
      signed by key k1; its contents were not read (airgap-bundle verify does that)
to    /in/pcg-1.tar: pcg 1, sequence 1, made 2026-01-01T00:00:00Z, 4.0 KiB
      signed by key k1; its contents were not read (airgap-bundle verify does that)

both install the same
1 image unchanged; 0 B to carry
2.0 KiB are in both, 0 B are no longer needed`);
});

test.each<[string, Partial<Inventory>, string]>([
  ['no image at all', { images: [] }, '1 image removed; 0 B to carry'],
  [
    'an image that no rule maps',
    { images: [...first.images, image('x.io/a:1', 'b')] },
    'images added\n  x.io/a:1  sha256:bbbbbbbbbbbb  linux/amd64  (no rule maps it)',
  ],
  [
    'a moved image that goes elsewhere, too',
    { images: [image('nginx:1', 'b', 'h/n/nginx:1')] },
    'references added\n  h/n/nginx:1  sha256:bbbbbbbbbbbb\n\nreferences removed (load leaves them in the registry)\n  h/m/nginx:1  sha256:aaaaaaaaaaaa',
  ],
  [
    'more references than are read',
    { images: [image('nginx:1', 'a', ...Array.from({ length: 25 }, (_, n) => `h/x/nginx:${n}`))] },
    'h/x/nginx:19  sha256:aaaaaaaaaaaa\n  and 5 more: --output json has all\n',
  ],
  [
    'plain HTTP and a certificate',
    { target: { ...first.target, plainHttp: true, caCert: 'PEM' } },
    'target\n  plainHttp  false  to true                 NO LONGER ENCRYPTED\n  caCert     none   to sha256:',
  ],
])('%s', (_, change, expected) => {
  expect(text(change)).toContain(expected);
});

describe('what a bundle says cannot pass for a line of ours, nor hide one', () => {
  const evil = 'a:1\nboth install the same\n\u001b[2J\u202e';
  test.each<[string, Partial<Inventory>, Partial<BundleDiff>]>([
    ['an added image', { images: [image(evil, 'b', evil)] }, {}],
    ['a reference', { images: [image('nginx:1', 'a', 'h/m/nginx:1', evil)] }, {}],
    ['the target', { target: { ...first.target, baseContentPath: evil } }, {}],
    ['the map', { target: { ...first.target, mirrorMap: `${evil}::x\na.io::b` } }, {}],
    ['a chart', { chart: { name: evil, version: evil, digest: digest('c') } }, {}],
    ['a path', {}, { from: { ...about, path: evil } }],
    ['platforms', { platforms: [evil] }, {}],
    ['the version of the tool', { tool: { name: 'x', version: evil } }, {}],
    ['a key of the Secret', {}, { files: { added: [evil], removed: [], changed: [] } }],
  ])('%s', (_, change, more) => {
    const lines = text(change, { ...more, same: false }).split('\n');
    expect(lines).not.toContain('both install the same');
    expect(lines.join('\n')).toContain('\\u{1b}[2J');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(lines.join('\n')).not.toMatch(/[\u001b\u202e]/);
  });
});
