import { describe, expect, test } from 'vitest';
import { effectiveMap } from '../../src/mirror-map/effective.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { coverageOf } from '../../src/plan/coverage.ts';

const coverage = (map: string, ...images: string[]) =>
  coverageOf(
    effectiveMap(parseMirrorMap(map), 'harbor.example.org'),
    images.map((image, n) => ({ image, origin: `images[${n}]` })),
  );

test('each image has all places that ask for it', () => {
  expect(coverage('docker.io::harbor.example.org/hub', 'nginx', 'redis', 'nginx').images).toEqual([
    { image: 'nginx', askedForBy: ['images[0]', 'images[2]'] },
    { image: 'redis', askedForBy: ['images[1]'] },
  ]);
});

describe('entries that no image needs', () => {
  const hub = 'docker.io::harbor.example.org/hub';
  const quay = 'quay.io::harbor.example.org/quay';
  test.each<[string, string[], string[]]>([
    [`${hub},${quay}`, ['nginx'], [quay]],
    [`${hub},${quay}`, ['nginx', 'quay.io/a/b:1'], []],
    [`${hub},[EXACT]nginx:1::harbor.example.org/own/nginx:1`, ['nginx:1'], []],
    [
      `[EXACT]nginx:1::harbor.example.org/hub/nginx:1,${hub}`,
      ['nginx:2'],
      ['[EXACT]nginx:1::harbor.example.org/hub/nginx:1'],
    ],
    [
      `[REPLACE]quay.io/*::harbor.example.org/q,${hub}`,
      ['nginx'],
      ['[REPLACE]quay.io/*::harbor.example.org/q'],
    ],
    // The later one of a key holds.
    [`docker.io::harbor.example.org/old,${hub}`, ['nginx'], ['docker.io::harbor.example.org/old']],
    // They keep from swapping, whatever is listed.
    [`${hub},default::,noswap_wildcards::internal.example.org`, ['nginx'], []],
    [`${hub},gcr.io::`, ['nginx'], ['gcr.io::']],
  ])('of %s with %j: %j', (map, images, unused) => {
    expect(coverage(map, ...images).unusedRules).toEqual(unused);
  });
});

test.each<[string[], string[]]>([
  [['nginx', 'quay.io/a/b:1'], ['quay.io/a/b:1']],
  [['nginx'], []],
])('of %j no entry covers %j', (images, unmapped) => {
  expect(coverage('docker.io::harbor.example.org/hub', ...images).unmapped).toEqual(unmapped);
});
