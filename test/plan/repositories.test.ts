import { describe, expect, test } from 'vitest';
import { travels, uniqueBlobs } from '../../src/plan/blobs.ts';
import type { Inventory, InventoryImage } from '../../src/plan/inventory.ts';
import {
  isPullThrough,
  projectOf,
  splitPlacement,
  targetRepositories,
} from '../../src/plan/repositories.ts';
import { image, pageMap, planOf, spec } from './setting.ts';

/** As much of an inventory as says where its images go. */
function inventory(
  names: readonly string[],
  target: Partial<Inventory['target']> = {},
): Inventory & { images: readonly InventoryImage[] } {
  const plan = planOf(
    spec(pageMap),
    names.map((name) => image(name)),
  );
  return {
    schemaVersion: 1,
    name: 'pcg',
    version: '1',
    sequence: 1,
    createdAt: '2026-01-01T00:00:00Z',
    tool: { name: 'airgap-bundle', version: '1' },
    target: {
      endpoint: 'harbor.example.org',
      baseContentPath: 'airgap-images',
      plainHttp: false,
      insecureSkipVerify: false,
      mirrorMap: pageMap,
      environment: 'airgap',
      ...target,
    },
    platforms: [],
    images: plan.images.map(({ entry }) => entry),
    files: [],
    blobs: uniqueBlobs(plan.images),
  };
}

describe('what must exist in the target', () => {
  test("each repository once, the bundle's own among them, and the projects that hold them", () => {
    const needed = targetRepositories(
      inventory(['nginx:1', 'nginx:2', 'gcr.io/a:1', 'example.org/unmapped:1']),
    );
    expect(needed).toEqual({
      projects: ['harbor.example.org/airgap-images'],
      repositories: [
        'harbor.example.org/airgap-images/bundles/pcg',
        'harbor.example.org/airgap-images/docker.io/library/nginx',
        'harbor.example.org/airgap-images/docker.io/nginx',
        'harbor.example.org/airgap-images/gcr.io/a',
      ],
    });
  });

  test('not what a pull-through cache makes by itself', () => {
    const pullThrough = ['harbor.example.org/airgap-images/docker.io'];
    expect(targetRepositories(inventory(['nginx:1'], { pullThrough })).repositories).toEqual([
      'harbor.example.org/airgap-images/bundles/pcg',
    ]);
  });

  test('an empty base path leaves no gap', () => {
    const { repositories } = targetRepositories(inventory([], { baseContentPath: '' }));
    expect(repositories).toEqual(['harbor.example.org/bundles/pcg']);
  });
});

test.each([
  ['h/cache', true],
  ['h/cache/a', true],
  ['h/cached/a', false],
  ['h/a/cache', false],
])('the repository %s is pull-through: %s', (repository, expected) => {
  expect(isPullThrough(repository, ['h/other', 'h/cache'])).toBe(expected);
});

test('a placement with a port in two', () => {
  expect(splitPlacement('127.0.0.1:5000/a/b:1')).toEqual({
    repository: '127.0.0.1:5000/a/b',
    tag: '1',
  });
});

describe('an image travels', () => {
  const hub = ['harbor.example.org/airgap-images/docker.io'];
  test.each([
    ['when it has a placement', 'quay.io/a:1', [], true],
    ['not without one', 'example.org/a:1', [], false],
    ['not when a cache serves all of them', 'nginx:1', hub, false],
    ['when a cache serves some of them', 'nginx:1', [`${hub[0]}/library`], true],
  ])('%s', (_, name, pullThrough, expected) => {
    const bundle = inventory([name], { pullThrough });
    expect(bundle.images.map((one) => travels(bundle, one))).toEqual([expected]);
  });
});

describe('blobs', () => {
  const { images } = planOf(spec(pageMap), [
    image('nginx:1', { platforms: ['linux/amd64', 'linux/arm64'], layers: ['shared', 'a'] }),
    image('redis:7', { platforms: ['linux/amd64'], layers: ['shared', 'b'] }),
    image('quay.io/nginx:1', {
      platforms: ['linux/amd64', 'linux/arm64'],
      layers: ['shared', 'a'],
    }),
  ]);
  const digests = uniqueBlobs(images).map(({ digest }) => digest);

  test('are there once each', () => {
    expect(new Set(digests).size).toBe(digests.length);
  });

  test('are manifests first, children before parents, in the order of the list', () => {
    const documents = images.slice(0, 2).map(({ graph }) => graph);
    const [nginx, redis] = documents.map(({ documents: all }) => [...all.keys()]);
    expect(digests.slice(0, 5)).toEqual([...(nginx ?? []), ...(redis ?? [])]);
    expect(digests[2]).toBe(documents[0]?.root.digest);
    // Config and three layers for nginx/amd64, config and a layer more for arm64; config and two layers for redis.
    expect(digests).toHaveLength(5 + 4 + 2 + 2);
  });
});

test('a project is the first part of a path', () => {
  expect(projectOf('airgap/docker.io/nginx')).toBe('airgap');
  expect(projectOf('nginx')).toBe('nginx');
});
