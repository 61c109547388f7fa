import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { compareWithRegistry } from '../../src/plan/registry-difference.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const [own, other] = [digest('a'), digest('f')];
const [one, two] = ['h/m/nginx:1', 'h/m/library/nginx:1'];
const proxied = 'h/proxy/nginx:1';

function inventory(placements: readonly string[]): Inventory {
  return {
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
      pullThrough: ['h/proxy'],
    },
    platforms: [],
    images: [
      {
        source: 'nginx:1',
        digest: own,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        size: 1,
        platforms: [],
        placements: placements.map((reference) => ({ reference, askedForBy: 'both' })),
        pinnedBy: 'tag',
      },
    ],
    files: [],
    blobs: [],
  };
}

describe('an image in a registry', () => {
  type Found = Readonly<Record<string, Digest | null>>;
  test.each<
    [
      string,
      Found,
      readonly [number, number, number, number],
      readonly [number, number, number, number],
    ]
  >([
    // images: added, moved, incomplete, unchanged; placements: added, moved, not served, unchanged
    ['all there', { [one]: own, [two]: own }, [0, 0, 0, 1], [0, 0, 0, 2]],
    ['nothing there', { [one]: null, [two]: null }, [1, 0, 0, 0], [2, 0, 0, 0]],
    ['one of two there', { [one]: own, [two]: null }, [0, 0, 1, 0], [1, 0, 0, 1]],
    ['one leads elsewhere', { [one]: own, [two]: other }, [0, 1, 0, 0], [0, 1, 0, 1]],
    [
      'one leads elsewhere, one is not there',
      { [one]: null, [two]: other },
      [0, 1, 0, 0],
      [1, 1, 0, 0],
    ],
    ['one was not answered', { [one]: own }, [0, 0, 0, 0], [0, 0, 0, 1]],
    ['a cache serves it', { [proxied]: own }, [0, 0, 0, 1], [0, 0, 0, 1]],
    ['a cache does not', { [proxied]: null }, [1, 0, 0, 0], [0, 0, 1, 0]],
    ['a cache serves another one', { [proxied]: other }, [0, 1, 0, 0], [0, 0, 1, 0]],
  ])('%s', (name, found, images, placements) => {
    const asked = name === 'one was not answered' ? [one, two] : Object.keys(found);
    const difference = compareWithRegistry(inventory(asked), new Map(Object.entries(found)));
    const { added, moved, incomplete, unchanged } = difference.images;
    expect([added.length, moved.length, incomplete.length, unchanged]).toEqual(images);
    const of = difference.placements;
    expect([of.added.length, of.moved.length, of.notServed.length, of.unchanged]).toEqual(
      placements,
    );
  });

  test('which digest is in the way, and which belongs there', () => {
    const { images, placements } = compareWithRegistry(
      inventory([one, two]),
      new Map([
        [one, null],
        [two, other],
      ]),
    );
    expect(images.moved).toEqual([{ source: 'nginx:1', from: other, to: own }]);
    expect(placements.moved).toEqual([{ reference: two, source: 'nginx:1', from: other, to: own }]);
    expect(placements.added).toEqual([{ reference: one, source: 'nginx:1', digest: own }]);
  });

  test('that no rule maps is in no list', () => {
    const { images } = compareWithRegistry(inventory([]), new Map());
    expect(images).toEqual({ added: [], moved: [], incomplete: [], unchanged: 0 });
  });
});
