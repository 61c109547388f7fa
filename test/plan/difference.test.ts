import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import { compare, type Difference } from '../../src/plan/difference.ts';
import type { Inventory, InventoryImage, InventoryTarget } from '../../src/plan/inventory.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const host = 'harbor.example.org';

/** Placed once, under its own name, unless other placements are given. */
function image(source: string, letter: string, more: Partial<InventoryImage> = {}): InventoryImage {
  return {
    source,
    digest: digest(letter),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    size: 500,
    platforms: ['linux/amd64'],
    placements: [{ reference: `${host}/m/${source}`, askedForBy: 'both' }],
    pinnedBy: 'tag',
    ...more,
  };
}

const target: InventoryTarget = {
  endpoint: host,
  baseContentPath: 'm',
  plainHttp: false,
  insecureSkipVerify: false,
  mirrorMap: `docker.io::${host}/m/docker.io\ndefault::\n`,
  environment: 'airgap',
};
const file = (path: string, letter: string) => ({
  path,
  size: 1,
  sha256: letter.repeat(64),
  mode: 0o644,
});
const blob = (letter: string, size: number) => ({ digest: digest(letter), size });
const chart = { name: 'image-swap', version: '1.5.3', digest: digest('c') };

const first: Inventory = {
  schemaVersion: 1,
  name: 'pcg',
  version: '1',
  sequence: 1,
  createdAt: '2026-01-01T00:00:00Z',
  tool: { name: 'airgap-bundle', version: '1.0.0' },
  target,
  platforms: ['linux/amd64'],
  images: [image('nginx:1', 'a'), image('quay.io/a/b:1', 'b')],
  files: [file('install.sh', '1'), file('registry-secret.yaml', '2'), file('images.tsv', '3')],
  blobs: [blob('a', 1), blob('b', 20), blob('d', 300)],
  chart,
};

const against = (change: Partial<Inventory>, from = first) =>
  compare(from, { ...first, ...change });
const inTarget = (change: Partial<InventoryTarget>) =>
  against({ target: { ...target, ...change } }).target;

test('a bundle and itself: nothing', () => {
  expect(compare(first, first)).toEqual({
    same: true,
    images: { added: [], removed: [], moved: [], unchanged: 2 },
    placements: { added: [], removed: [], moved: [], unchanged: 2 },
    platforms: null,
    chart: null,
    target: { changed: [], map: { added: [], removed: [], changed: [], reordered: false } },
    credentials: null,
    files: { added: [], removed: [], changed: [] },
    tool: null,
    bytes: { carried: 0, shared: 321, dropped: 0 },
  });
});

describe('is the same when only this differs', () => {
  test.each<[string, Partial<Inventory>]>([
    [
      'version, sequence and dates',
      { version: '2', sequence: 9, expiresAt: '2027-01-01T00:00:00Z' },
    ],
    ['the version of the tool', { tool: { name: 'airgap-bundle', version: '2.0.0' } }],
    [
      'tables that repeat the inventory',
      { files: [...first.files.slice(0, 2), file('images.tsv', '9')] },
    ],
    ['the order of the images', { images: [...first.images].reverse() }],
    ['that no image is in it', { imagesNotEmbedded: true, blobs: [] }],
    [
      'a map in another spelling',
      { target: { ...target, mirrorMap: `default::\ndocker.io::${host}/m/docker.io` } },
    ],
  ])('%s', (_, change) => {
    expect(against(change).same).toBe(true);
  });
});

describe('is not the same when this differs', () => {
  test.each<[string, Partial<Inventory>, Partial<Difference>]>([
    ['the platforms', { platforms: [] }, { platforms: { from: ['linux/amd64'], to: [] } }],
    [
      'the chart',
      { chart: { ...chart, version: '1.6.0' } },
      { chart: { from: chart, to: { ...chart, version: '1.6.0' } } },
    ],
    [
      'a credential travels',
      { credentials: 'embed' },
      { credentials: { from: null, to: 'embed' } },
    ],
    [
      'install.sh, and a node file',
      {
        files: [
          file('install.sh', '9'),
          first.files[1] ?? file('', ''),
          file('nodes/hosts.toml', '5'),
        ],
      },
      { files: { added: ['nodes/hosts.toml'], removed: [], changed: ['install.sh'] } },
    ],
  ])('%s', (_, change, expected) => {
    expect(against(change)).toMatchObject({ same: false, ...expected });
  });

  test('the chart is no longer there', () => {
    const { chart: _, ...without } = first;
    expect(compare(first, without)).toMatchObject({
      same: false,
      chart: { from: chart, to: null },
    });
    expect(compare(without, first)).toMatchObject({
      same: false,
      chart: { from: null, to: chart },
    });
  });
});

describe('images', () => {
  test('added, removed, unchanged', () => {
    const { same, images, placements } = against({
      images: [image('nginx:1', 'a'), image('quay.io/a/c:1', 'e')],
    });
    expect(same).toBe(false);
    expect(images).toEqual({
      added: [
        {
          source: 'quay.io/a/c:1',
          digest: digest('e'),
          platforms: ['linux/amd64'],
          placements: [`${host}/m/quay.io/a/c:1`],
          replaces: null,
        },
      ],
      removed: [
        {
          source: 'quay.io/a/b:1',
          digest: digest('b'),
          platforms: ['linux/amd64'],
          placements: [`${host}/m/quay.io/a/b:1`],
        },
      ],
      moved: [],
      unchanged: 1,
    });
    expect(placements).toMatchObject({
      added: [
        { reference: `${host}/m/quay.io/a/c:1`, source: 'quay.io/a/c:1', digest: digest('e') },
      ],
      removed: [{ reference: `${host}/m/quay.io/a/b:1` }],
      unchanged: 1,
    });
  });

  const [a, b] = [digest('a'), digest('f')];
  test.each<[string, InventoryImage, InventoryImage, object]>([
    ['a tag has moved', image('n:1', 'a'), image('n:1', 'f'), { cause: 'tag', platforms: null }],
    [
      'a filter takes fewer platforms of the same index',
      image('n:1', 'a', { platforms: ['linux/amd64', 'linux/arm64'] }),
      image('n:1', 'f', { originalDigest: a }),
      {
        cause: 'platforms',
        platforms: { from: ['linux/amd64', 'linux/arm64'], to: ['linux/amd64'] },
      },
    ],
    [
      'two filters of one index',
      image('n:1', 'a', { originalDigest: digest('0') }),
      image('n:1', 'f', { originalDigest: digest('0'), platforms: ['linux/arm64'] }),
      { cause: 'platforms', platforms: { from: ['linux/amd64'], to: ['linux/arm64'] } },
    ],
    [
      'a tag has moved under one filter',
      image('n:1', 'a', { originalDigest: digest('0') }),
      image('n:1', 'f', { originalDigest: digest('1') }),
      { cause: 'tag', platforms: null },
    ],
  ])('moved: %s', (_, before, after, expected) => {
    const { images, placements } = against({ images: [after] }, { ...first, images: [before] });
    expect(images.moved).toEqual([{ source: 'n:1', from: a, to: b, ...expected }]);
    expect(placements.moved).toEqual([
      { reference: `${host}/m/n:1`, source: 'n:1', from: a, to: b },
    ]);
    expect(images.added.length + images.removed.length + images.unchanged).toBe(0);
  });

  test.each<[string, string[], string[], (string | null)[]]>([
    ['another tag', ['nginx:1'], ['nginx:2'], ['nginx:1']],
    ['another spelling', ['nginx:1'], ['docker.io/library/nginx:1'], ['nginx:1']],
    ['another repository', ['nginx:1'], ['nginxx:1'], [null]],
    ['two came for one', ['nginx:1'], ['nginx:2', 'nginx:3'], [null, null]],
    ['one came for two', ['nginx:1', 'nginx:0'], ['nginx:2'], [null]],
    ['one came beside', ['nginx:1'], ['nginx:1', 'nginx:2'], [null]],
    ['what is no reference', ['NO reference'], ['no REFERENCE'], [null]],
  ])('what an added image replaces: %s', (_, before, after, expected) => {
    const from = { ...first, images: before.map((name) => image(name, 'a')) };
    const { images } = against({ images: after.map((name) => image(name, 'f')) }, from);
    expect(images.added.map(({ replaces }) => replaces)).toEqual(expected);
  });

  test('one that is listed twice is counted twice', () => {
    const twice = [image('n:1', 'a'), image('n:1', 'f')];
    const { images } = against({ images: twice }, { ...first, images: [image('n:1', 'a')] });
    expect(images).toMatchObject({ added: [{ digest: digest('f') }], unchanged: 1 });
  });

  test('one under further references is unchanged, its references are not', () => {
    const placements = [
      { reference: `${host}/m/nginx:1`, askedForBy: 'webhook' as const },
      { reference: `${host}/m/library/nginx:1`, askedForBy: 'containerd' as const },
    ];
    const difference = against({ images: [image('nginx:1', 'a', { placements })] });
    expect(difference.images.unchanged).toBe(1);
    expect(difference.placements.added).toEqual([
      { reference: `${host}/m/library/nginx:1`, source: 'nginx:1', digest: digest('a') },
    ]);
  });
});

describe('the target', () => {
  test.each<[Partial<InventoryTarget>, object]>([
    [{ endpoint: 'h:5000' }, { field: 'endpoint', from: host, to: 'h:5000' }],
    [{ baseContentPath: '' }, { field: 'baseContentPath', from: 'm', to: '' }],
    [{ plainHttp: true }, { field: 'plainHttp', from: 'false', to: 'true' }],
    [{ insecureSkipVerify: true }, { field: 'insecureSkipVerify', from: 'false', to: 'true' }],
    [{ caCert: 'PEM' }, { field: 'caCert', from: '', to: expect.stringMatching(/^sha256:/) }],
    [{ environment: 'non-airgap' }, { field: 'environment', from: 'airgap', to: 'non-airgap' }],
    [{ pullThrough: ['h/x', 'h/y'] }, { field: 'pullThrough', from: '', to: 'h/x, h/y' }],
  ])('%j', (change, expected) => {
    expect(inTarget(change).changed).toEqual([expected]);
  });

  const nothing = { added: [], removed: [], changed: [], reordered: false };
  test.each<[string, string, string, object]>([
    [
      'an entry more',
      'a.io::t/a\nb.io::t/b\n',
      'a.io::t/a\nb.io::t/b\nc.io::t/c\n',
      { added: [{ key: 'c.io', value: 't/c' }] },
    ],
    [
      'an entry less',
      'a.io::t/a\nb.io::t/b\n',
      'a.io::t/a\n',
      { removed: [{ key: 'b.io', value: 't/b' }] },
    ],
    [
      'an entry leads elsewhere',
      'a.io::t/a\n',
      'a.io::t/x\n',
      { changed: [{ key: 'a.io', from: 't/a', to: 't/x' }] },
    ],
    ['of a key that is there twice the later holds', 'a.io::t/a\na.io::t/b\n', 'a.io::t/b\n', {}],
    [
      'a marked key is another one',
      'a.io::t/a\n',
      '[EXACT]a.io::t/a\n',
      { added: [{ key: '[EXACT]a.io', value: 't/a' }], removed: [{ key: 'a.io', value: 't/a' }] },
    ],
    ['plain entries in another order', 'a.io::t/a\nb.io::t/b\n', 'b.io::t/b\na.io::t/a\n', {}],
    [
      '[REPLACE] in another order',
      '[REPLACE]a*::t/a\n[REPLACE]b*::t/b\n',
      '[REPLACE]b*::t/b\n[REPLACE]a*::t/a\n',
      { reordered: true },
    ],
    [
      '[REPLACE] with one more between',
      '[REPLACE]a*::t/a\n[REPLACE]b*::t/b\n',
      '[REPLACE]a*::t/a\n[REPLACE]x*::t/x\n[REPLACE]b*::t/b\n',
      { added: [{ key: '[REPLACE]x*', value: 't/x' }] },
    ],
  ])('the map: %s', (_, from, to, expected) => {
    const difference = against(
      { target: { ...target, mirrorMap: to } },
      {
        ...first,
        target: { ...target, mirrorMap: from },
      },
    );
    expect(difference.target.map).toEqual({ ...nothing, ...expected });
    expect(difference.same).toBe(Object.keys(expected).length === 0);
  });
});

describe('bytes', () => {
  const base = { name: 'pcg', version: '1', sequence: 1, inventoryDigest: digest('9') };
  test.each<[string, Partial<Inventory>, Partial<Inventory>, Difference['bytes']]>([
    [
      'what is new, common and no longer needed',
      {},
      { blobs: [blob('a', 1), blob('e', 4000)] },
      { carried: 4000, shared: 1, dropped: 320 },
    ],
    [
      'a delta stands for what it leaves to its base',
      {},
      { blobs: [blob('e', 4000), blob('a', 1)], base: { ...base, blobs: [blob('d', 300)] } },
      { carried: 4000, shared: 301, dropped: 20 },
    ],
    [
      'after a delta',
      { blobs: [blob('a', 1)], base: { ...base, blobs: [blob('d', 300)] } },
      {},
      { carried: 20, shared: 301, dropped: 0 },
    ],
    [
      'of a light bundle nothing is known',
      {},
      { imagesNotEmbedded: true, blobs: [] },
      { carried: null, shared: null, dropped: null },
    ],
    [
      'after a light bundle nothing is known',
      { imagesNotEmbedded: true, blobs: [] },
      {},
      { carried: null, shared: null, dropped: null },
    ],
  ])('%s', (_, from, to, expected) => {
    expect(against(to, { ...first, ...from }).bytes).toEqual(expected);
  });
});
