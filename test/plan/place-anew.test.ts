import { describe, expect, test } from 'vitest';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { placeAnew } from '../../src/plan/place-anew.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Destination } from '../../src/plan/site-target.ts';
import { digestOfImage, image, pageMap, planOf, spec } from './setting.ts';

const nginx = image('nginx:1');
const names = ['nginx:1', 'gcr.io/a/b:1', 'quay.io/a/b:2', 'unmapped.example/x:1'];
const pinned = `quay.io/a/b:2@${digestOfImage(image('other'))}`;
const resolved = [...names.map((name) => image(name)), image(pinned, { seed: 'other' })];

/** As signed: the images of a plan, with those that travel among the blobs. */
function inventoryOf({ images }: Plan, more: Partial<Inventory> = {}): Inventory {
  const entries = images.map(({ entry }) => entry);
  return {
    schemaVersion: 1,
    ...{ name: 'pcg', version: '1', sequence: 1, createdAt: '2026-01-02T03:04:05Z' },
    tool: { name: 'airgap-bundle', version: '1' },
    target: {
      ...{ endpoint: 'harbor.example.org', baseContentPath: 'airgap-images' },
      ...{ plainHttp: false, insecureSkipVerify: false, mirrorMap: '', environment: 'airgap' },
    },
    platforms: [],
    images: entries,
    files: [],
    blobs: entries.filter(({ placements }) => placements.length > 0),
    ...more,
  };
}

function destination(map: string, more: Partial<Destination> = {}): Destination {
  const { target } = spec(map, { endpoint: 'r.example', basePath: 'm' });
  const access = { plainHttp: false, insecureSkipVerify: false };
  return { section: target, access, pullThrough: [], ...more };
}

test('for the target that it was made for, the placements of the plan come again', () => {
  const plan = planOf(spec(pageMap), resolved);
  const { section } = destination('a.b::c');
  const own = { ...section, ...spec(pageMap).target, mirrorMap: parseMirrorMap(pageMap) };
  const { inventory, map, problems } = placeAnew(inventoryOf(plan), {
    ...destination('a.b::c'),
    section: own,
  });
  expect(inventory.images).toEqual(plan.images.map(({ entry }) => entry));
  expect(map).toEqual(plan.map);
  expect(problems).toEqual(plan.problems);
});

test('a source that is no image name is damage', () => {
  const signed = inventoryOf(planOf(spec(pageMap), resolved));
  const images = signed.images.map((one) => ({ ...one, source: 'No Name' }));
  expect(() => placeAnew({ ...signed, images }, destination('docker.io::r.example/m'))).toThrow(
    expect.objectContaining({
      class: 'integrity',
      message: 'bundle.json holds what is no image name',
      given: 'No Name',
    }),
  );
});

test('elsewhere, digests stay and placements follow both consumers', () => {
  const signed = inventoryOf(planOf(spec(pageMap), resolved));
  const { inventory } = placeAnew(
    signed,
    destination('docker.io::r.example/m,quay.io::r.example/m/q'),
  );
  const placements = inventory.images.map((one) =>
    one.placements.map(({ reference }) => reference),
  );
  expect(placements).toEqual([
    ['r.example/m/nginx:1', 'r.example/m/library/nginx:1'],
    [],
    ['r.example/m/q/a/b:2'],
    [],
    // The tag is the other image's.
    [`r.example/m/q/a/b:airgap-${inventory.images[4]?.digest.slice(7, 19)}`],
  ]);
  expect(inventory.images.map(({ digest }) => digest)).toEqual(
    signed.images.map((one) => one.digest),
  );
  expect(inventory.target).toEqual({
    endpoint: 'r.example',
    baseContentPath: 'm',
    plainHttp: false,
    insecureSkipVerify: false,
    mirrorMap: expect.stringContaining('noswap_wildcards::r.example\n'),
    environment: 'airgap',
  });
});

describe('problems are those of a plan', () => {
  const cases: readonly [kind: string, map: string, images: readonly string[]][] = [
    ['collision', 'gcr.io::r.example/m,quay.io::r.example/m', ['gcr.io/a/b:1', 'quay.io/a/b:1']],
    ['outside-target', 'docker.io::r.example/other', ['nginx:1']],
    ['rewrite-loop', 'default::r.example/m,noswap_wildcards::zz', ['nginx:1']],
    ['library-without-docker.io', 'docker.io/library::r.example/m', ['nginx:1']],
  ];
  test.each(cases)('%s', (kind, map, images) => {
    const there = spec(map, { endpoint: 'r.example', basePath: 'm' });
    const planned = planOf(
      there,
      images.map((name) => image(name)),
    );
    const signed = inventoryOf(
      planOf(
        spec(pageMap),
        images.map((name) => image(name)),
      ),
    );
    const { problems } = placeAnew(signed, destination(map));
    expect(problems).toEqual(planned.problems);
    expect(problems).toContainEqual(expect.objectContaining({ kind, severity: 'error' }));
  });

  const more: readonly [string, Partial<Inventory>, Partial<Destination>, string[]][] = [
    ['an image that the bundle does not carry', { blobs: [] }, {}, ['not-carried']],
    [
      'one that a cache has, here too',
      { blobs: [] },
      { pullThrough: ['r.example/m/docker.io'] },
      [],
    ],
    ['one of a light bundle', { blobs: [], imagesNotEmbedded: true }, {}, []],
  ];
  test.each(more)('%s', (_, inventory, at, kinds) => {
    const signed = inventoryOf(planOf(spec(pageMap), [nginx]), inventory);
    const { problems } = placeAnew(signed, destination('docker.io::r.example/m/docker.io', at));
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ kind }) => kind)).toEqual(kinds);
  });
});
