import { describe, expect, test } from 'vitest';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { cosignTags } from '../../src/oci/referrers.ts';
import { placeAnew } from '../../src/plan/place-anew.ts';
import type { Plan, ResolvedImage } from '../../src/plan/plan.ts';
import { type Attached, withReferrers } from '../../src/plan/referrers.ts';
import { siteTarget } from '../../src/plan/site-target.ts';
import { digestOfImage, graphOf, image, planOf, sample, spec } from './setting.ts';

const map =
  'default::\nnoswap_wildcards::harbor.example.org\ndocker.io::harbor.example.org/airgap-images/hub';
const hub = 'harbor.example.org/airgap-images/hub';
const nginx = image('nginx:1', { platforms: ['linux/amd64', 'linux/arm64'] });
const nginxDigest = digestOfImage(nginx);

interface What {
  readonly subject?: Digest;
  readonly seed?: string;
  readonly tag?: string;
}

/** Something that is attached; equal seeds make equal bytes. */
function attached({ subject = nginxDigest, seed = 'sbom', tag }: What = {}): Attached {
  const graph = graphOf(sample({ layers: [seed] }));
  return { subject, graph, ...(tag ? { tag } : {}) };
}

function planWith(
  found: readonly (readonly [ResolvedImage, ...Attached[]])[],
  { pullThrough = [], lost = [] }: { pullThrough?: string[]; lost?: string[] } = {},
): Plan {
  const images = found.map(([one]) => one);
  const plan = planOf({ ...spec(map), pullThrough }, images);
  const referrers = found.map(([one, ...all]) => {
    const planned = plan.images.find(({ entry }) => entry.source === one.listed.image);
    if (!planned) throw new Error('not planned');
    return { image: planned, attached: all, lost };
  });
  return withReferrers(plan, referrers, pullThrough);
}

/** `source tag` of the referrers' placements, without the repository of the hub. */
function placed({ images }: Pick<Plan, 'images'>): string[] {
  return images
    .filter(({ entry }) => entry.referrer)
    .flatMap(({ entry }) => entry.placements.map(({ reference }) => reference));
}

const short = (one: Attached) => hexOf(one.graph.root.digest).slice(0, 12);
const [sig = ''] = cosignTags(nginxDigest);

describe('what is attached to an image is placed in each of its repositories', () => {
  test.each<[string, Attached, string[]]>([
    ['by the tag that cosign gave it', attached({ tag: sig }), [`nginx:${sig}`]],
    ['by a tag of ours', attached(), [`nginx:airgap-${short(attached())}`]],
  ])('%s', (_, one, [name = '']) => {
    const plan = planWith([[nginx, one]]);
    expect(placed(plan)).toEqual([`${hub}/${name}`, `${hub}/library/${name}`]);
    expect(plan.images[1]?.entry).toMatchObject({
      source: `docker.io/library/nginx@${one.graph.root.digest}`,
      pinnedBy: 'digest',
      platforms: [],
      referrer: { subject: nginxDigest, images: [nginxDigest] },
    });
    expect(plan.images[1]?.entry.placements.map(({ askedForBy }) => askedForBy)).toEqual(
      plan.images[0]?.entry.placements.map(({ askedForBy }) => askedForBy),
    );
  });

  test('after the first of them, with all that have it', () => {
    const redis = image('redis:1');
    const again = { ...image('nginx:stable', { seed: 'nginx:1' }), graph: nginx.graph };
    const plan = planWith([
      [nginx, attached()],
      [redis, attached({ subject: digestOfImage(redis), seed: 'other' })],
      [again as ResolvedImage, attached()],
    ]);
    expect(plan.images.map(({ entry }) => entry.source.split('@')[0])).toEqual([
      'nginx:1',
      'docker.io/library/nginx',
      'redis:1',
      'docker.io/library/redis',
      'nginx:stable',
    ]);
  });

  test('of two registries, beside its own images alone', () => {
    const other = {
      ...image('docker.io/mirror/nginx:1', { seed: 'nginx:1' }),
      graph: nginx.graph,
    } as ResolvedImage;
    const plan = planWith([[nginx, attached({ tag: sig })], [other]]);
    expect(placed(plan)).toEqual([`${hub}/nginx:${sig}`, `${hub}/library/nginx:${sig}`]);
  });

  test('the same bytes under two tags of cosign are beside both images', () => {
    const redis = image('library/nginx:2', { seed: 'two' });
    const [, , sbom = ''] = cosignTags(nginxDigest);
    const [, , other = ''] = cosignTags(digestOfImage(redis));
    const plan = planWith([
      [nginx, attached({ tag: sbom })],
      [redis, attached({ subject: digestOfImage(redis), tag: other })],
    ]);
    expect(placed(plan)).toContain(`${hub}/library/nginx:${sbom}`);
    expect(placed(plan)).toContain(`${hub}/library/nginx:${other}`);
    expect(plan.images.flatMap(({ entry }) => entry.referrer ?? [])).toMatchObject([
      { subject: nginxDigest, images: [nginxDigest] },
      { subject: digestOfImage(redis), images: [digestOfImage(redis)] },
    ]);
  });

  test('but for a proxy cache, which gets it by itself', () => {
    const plan = planWith([[nginx, attached({ tag: sig })]], { pullThrough: [`${hub}/nginx`] });
    expect(placed(plan)).toEqual([`${hub}/library/nginx:${sig}`]);
  });
});

describe('what does not travel is told with its image', () => {
  const losses = ({ problems }: Plan) => problems.filter(({ kind }) => kind === 'referrer-lost');

  test.each<[string, Plan, string]>([
    ['what was found lost', planWith([[nginx]], { lost: ['a list'] }), 'a list'],
    [
      'where an image of the list goes',
      planWith([[nginx, attached({ tag: sig })], [image(`nginx:${sig}`, { seed: 'other' })]]),
      `something else is to be ${hub}/nginx:${sig}`,
    ],
  ])('%s', (_, plan, words) => {
    expect(losses(plan)).toMatchObject([{ severity: 'warning', images: ['nginx:1'] }]);
    expect(losses(plan)[0]?.message).toContain(words);
    expect(placed(plan)).toEqual([]);
  });

  test('the very thing that the list has too is no loss', () => {
    const one = attached({ tag: sig });
    const listed = { ...image(`nginx:${sig}`), graph: one.graph } as ResolvedImage;
    const plan = planWith([[nginx, one], [listed]]);
    expect(losses(plan)).toEqual([]);
    expect(plan.problems.filter(({ kind }) => kind === 'collision')).toEqual([]);
    expect(placed(plan)).toHaveLength(2);
  });

  test('a few by name, the rest by number', () => {
    const plan = planWith([[nginx]], { lost: ['1', '2', '3', '4', '5', '6', '7'] });
    expect(losses(plan)[0]?.message).toMatch(/1; 2; 3; 4; 5; and 2 more$/);
  });
});

describe('at another site', () => {
  const plan = planWith([
    [nginx, attached({ tag: sig }), attached({ seed: 'spdx' })],
    [image('redis:1')],
  ]);
  const { target } = spec(map);
  const signed = {
    section: target,
    access: { plainHttp: false, insecureSkipVerify: false },
    pullThrough: [],
  };
  const inventory = {
    schemaVersion: 1,
    name: 'a',
    version: '1',
    sequence: 1,
    createdAt: '2026-01-01T00:00:00Z',
    tool: { name: 'a', version: '1' },
    target: { ...target, plainHttp: false, mirrorMap: map, environment: 'airgap' },
    platforms: [],
    images: plan.images.map(({ entry }) => entry),
    files: [],
    blobs: plan.images.map(({ entry: { digest, size } }) => ({ digest, size })),
  } as const;
  const at = (endpoint: string, more = {}) => {
    const site = { endpoint, access: {}, path: '/site.yaml', ...more };
    return placeAnew(inventory, siteTarget(site, signed)).inventory.images;
  };

  test('of the same target all is as it was signed', () => {
    expect(at(target.endpoint)).toEqual(inventory.images);
  });

  test('it moves with its image', () => {
    const moved = at('r.example').flatMap((one) =>
      one.placements.map(({ reference }) => reference),
    );
    const before = inventory.images.flatMap((one) => one.placements.map((at) => at.reference));
    expect(moved).toEqual(before.map((name) => name.replace(target.endpoint, 'r.example')));
  });

  test('it has no place where its image is behind a proxy cache', () => {
    const images = at(target.endpoint, { pullThrough: [hub] });
    expect(images.filter(({ referrer }) => referrer).map((one) => one.placements)).toEqual([
      [],
      [],
    ]);
  });
});

test('a digest that its source list names twice is one entry', () => {
  const one = attached();
  const digest: Digest = digestOf(Buffer.from('x'));
  expect(placed(planWith([[nginx, one, one]]))).toHaveLength(2);
  expect(cosignTags(digest)).toEqual(
    ['sig', 'att', 'sbom'].map((end) => `sha256-${hexOf(digest)}.${end}`),
  );
});
