import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory, InventoryImage, Placement } from '../../src/plan/inventory.ts';
import { mapEdges } from '../../src/plan/map-edges.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;

function inventory(mirrorMap: string, images: readonly InventoryImage[]): Inventory {
  const target = {
    endpoint: 'h',
    baseContentPath: 'm',
    plainHttp: false,
    insecureSkipVerify: false,
    mirrorMap,
    environment: 'airgap',
  } as const;
  const tool = { name: 'airgap-bundle', version: '1' };
  const made = { schemaVersion: 1, sequence: 1, createdAt: '2026-01-01T00:00:00Z' } as const;
  const lists = { platforms: [], images, files: [], blobs: [] };
  return { ...made, name: 'n', version: '1', tool, target, ...lists };
}

let letters = 0;

function image(
  source: string,
  placements: Readonly<Record<string, Placement['askedForBy']>>,
): InventoryImage {
  letters++;
  return {
    source,
    digest: digest((letters % 16).toString(16)),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    size: 1,
    platforms: [],
    placements: Object.entries(placements).map(([reference, askedForBy]) => ({
      reference,
      askedForBy,
    })),
    pinnedBy: 'tag',
  };
}

describe('where the images of a source registry go', () => {
  test.each([
    [
      'under the target of their rule, asked for by one consumer each',
      'docker.io::h/m/d',
      [image('nginx:1', { 'h/m/d/nginx:1': 'webhook', 'h/m/d/library/nginx:1': 'containerd' })],
      [{ source: 'docker.io', target: 'h/m/d', images: 1, askedForBy: 'both' }],
    ],
    [
      'under their own rule, where the path reads like the target of another',
      'docker.io::h/m/docker.io\nus.pkg.dev::h/m',
      [image('us.pkg.dev/docker.io/x:1', { 'h/m/docker.io/x:1': 'webhook' })],
      [{ source: 'us.pkg.dev', target: 'h/m', images: 1, askedForBy: 'webhook' }],
    ],
    [
      'under what containerd’s endpoint has, and a target that ends with a dash',
      'a.io::h/v2/m/a\nb.io::h/m/b-',
      [
        image('a.io/x:1', { 'h/m/a/x:1': 'containerd' }),
        image('b.io/x:1', { 'h/m/b-b.io/x:1': 'webhook' }),
      ],
      [
        { source: 'a.io', target: 'h/m/a', images: 1, askedForBy: 'containerd' },
        { source: 'b.io', target: 'h/m/b-', images: 1, askedForBy: 'webhook' },
      ],
    ],
    [
      'under the default, a replaced prefix, or an exact reference',
      'default::h/m/other\n[REPLACE]c.io/*::h/m/c\n[EXACT]d.io/x:1::h/m/x:2\n[EXACT]d.io/y:1::k/y:2',
      [
        image('a.io/x:1', { 'h/m/other/a.io/x:1': 'webhook' }),
        image('c.io/x:1', { 'h/m/c/x:1': 'webhook' }),
        image('d.io/x:1', { 'h/m/x:2': 'webhook' }),
        image('d.io/y:1', { 'k/y:2': 'webhook' }),
      ],
      [
        { source: 'a.io', target: 'h/m/other', images: 1, askedForBy: 'webhook' },
        { source: 'c.io', target: 'h/m/c', images: 1, askedForBy: 'webhook' },
        { source: 'd.io', target: 'h/m', images: 1, askedForBy: 'webhook' },
        { source: 'd.io', target: 'k', images: 1, askedForBy: 'webhook' },
      ],
    ],
    [
      'nowhere, and of no registry',
      '',
      [image('nginx:1', {}), image('NOT AN IMAGE', {})],
      [
        { source: 'docker.io', images: 1 },
        { source: '', images: 1 },
      ],
    ],
  ])('%s', (_, map, images, expected) => {
    expect(mapEdges(inventory(map, images))).toEqual(expected);
  });

  test('of what is attached only the bytes count, of shared blobs one', () => {
    const main = image('a.io/x:1', { 'h/m/x:1': 'both' });
    const signature = {
      ...image(`a.io/x@${digest('f')}`, { 'h/m/x:sig': 'both' }),
      referrer: { subject: main.digest, images: [main.digest] },
    };
    const blob = (letter: string, size: number) => ({ digest: digest(letter), size });
    const contents = new Map([
      [main.digest, [blob('a', 10), blob('b', 100)]],
      [signature.digest, [blob('b', 100), blob('c', 1000)]],
    ]);
    const made = inventory('a.io::h/m', [main, signature]);
    const expected = { source: 'a.io', target: 'h/m', images: 1, askedForBy: 'both' };
    expect(mapEdges(made, contents)).toEqual([{ ...expected, bytes: 1110 }]);
    contents.delete(signature.digest);
    expect(mapEdges(made, contents)).toEqual([expected]);
  });
});
