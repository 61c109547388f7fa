import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { uniqueBlobs } from '../../src/plan/blobs.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import type { PlannedImage, ResolvedImage } from '../../src/plan/plan.ts';
import { withReferrers } from '../../src/plan/referrers.ts';
import { type ShardedPlan, shardMatrix, shardsOf, usefulShards } from '../../src/plan/shards.ts';
import fc from '../helpers/seeded.ts';
import { graphOf, image, pageMap, planOf, sample, spec } from './setting.ts';

const root = { digest: digestOf(Buffer.from('the root')), size: 500 };

/** The plan of a bundle with these images, as far as sharing it out reads it. */
function planned(
  images: readonly PlannedImage[],
  change: Partial<Inventory> = {},
): ShardedPlan & { inventory: Inventory } {
  const inventory: Inventory = {
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
    },
    platforms: [],
    images: images.map(({ entry }) => entry),
    files: [],
    blobs: [root, ...uniqueBlobs(images)],
    ...change,
  };
  return { inventory, images };
}

const planOfImages = (...images: readonly ResolvedImage[]) =>
  planned(planOf(spec(pageMap), images).images);

const anyPlan = fc
  .array(
    fc.record({
      layers: fc.array(
        fc.integer({ min: 0, max: 6 }).map((n) => `layer ${n}`.repeat(n * 40 + 1)),
        { maxLength: 3 },
      ),
      isIndex: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((images) =>
    planOfImages(
      ...images.map(({ layers, isIndex }, at) =>
        image(`quay.io/a/i${at}:1`, {
          layers: [`own ${at}`, ...layers],
          ...(isIndex ? { platforms: ['linux/amd64', 'linux/arm64'] } : {}),
        }),
      ),
    ),
  );

describe('any plan, split', () => {
  const property = (holds: (plan: ShardedPlan, count: number) => void) =>
    fc.assert(fc.property(anyPlan, fc.integer({ min: 1, max: 6 }), holds));

  test('has every image and every blob once, in the order of the inventory', () => {
    property(({ inventory, images }, count) => {
      const shards = shardsOf({ inventory, images }, count);
      for (const what of ['images', 'blobs'] as const) {
        const all: readonly unknown[] = inventory[what];
        const found = shards.flatMap((shard): readonly unknown[] => shard[what]);
        expect(new Set(found).size).toBe(found.length);
        expect(shards.flatMap((shard) => shard[what]).length).toBe(all.length);
        for (const shard of shards) {
          const digests = shard[what].map(({ digest }) => digest);
          const inOrder = inventory[what].map(({ digest }) => digest);
          expect(digests).toEqual(inOrder.filter((digest) => digests.includes(digest)));
        }
      }
    });
  });

  test('is split the same way from a copy, whichever way its manifests were read', () => {
    property(({ inventory, images }, count) => {
      const copy = structuredClone(inventory);
      const reread = images.map(({ graph, ...image }, at) => ({
        ...image,
        entry: copy.images[at] as PlannedImage['entry'],
        graph: { ...graph, documents: new Map([...graph.documents].reverse()) },
      }));
      const again = shardsOf({ inventory: copy, images: reread }, count);
      expect(again).toEqual(shardsOf({ inventory, images }, count));
    });
  });

  test('gives a shard no blob that none of its images needs, but for the roots', () => {
    property(({ inventory, images }, count) => {
      for (const { images: own, blobs } of shardsOf({ inventory, images }, count)) {
        const members = images.filter(({ entry }) => own.includes(entry));
        const needed = new Set(uniqueBlobs(members).map(({ digest }) => digest));
        const strange = blobs.filter(({ digest }) => !needed.has(digest));
        expect(strange.filter(({ digest }) => digest !== root.digest)).toEqual([]);
      }
    });
  });
});

describe('in one shard are', () => {
  /** The sources of each shard's images, what is attached to them by its digest's first digits. */
  const sources = (plan: ShardedPlan, count: number) =>
    shardsOf(plan, count).map(({ images }) => images.map(({ source }) => source));

  test('names of one digest', () => {
    const [one, other] = [image('quay.io/a:1', { seed: 'x' }), image('quay.io/b:1', { seed: 'x' })];
    const plan = planOfImages(one, image('quay.io/c:1'), other);
    expect(sources(plan, 3).map((names) => names.length)).toEqual([2, 1, 0]);
    expect(sources(plan, 3)[0]).toEqual(['quay.io/a:1', 'quay.io/b:1']);
  });

  test('an image and what is attached to it, and to that', () => {
    const [nginx, redis] = [image('quay.io/nginx:1'), image('quay.io/redis:1')];
    const plan = planOf(spec(pageMap), [nginx, redis]);
    const [first, second] = plan.images as [PlannedImage, PlannedImage];
    const sbom = graphOf(sample({ layers: ['an SBOM'.repeat(1_000)] }));
    const signature = graphOf(sample({ layers: ['its signature'.repeat(1_000)] }));
    const whole = withReferrers(
      plan,
      [
        {
          image: second,
          lost: [],
          attached: [
            { subject: second.entry.digest, graph: sbom },
            { subject: sbom.root.digest, graph: signature },
          ],
        },
        { image: first, lost: [], attached: [] },
      ],
      [],
    );
    const shards = sources(planned(whole.images), 2);
    expect(shards.map((names) => names.length)).toEqual([3, 1]);
    expect(shards[1]).toEqual(['quay.io/nginx:1']);
  });

  test('images that one thing is attached to', () => {
    const plan = planOf(spec(pageMap), [image('quay.io/a:1'), image('quay.io/b:1')]);
    const sbom = graphOf(sample({ layers: ['of both'] }));
    const found = plan.images.map((one) => ({
      image: one,
      lost: [],
      attached: [{ subject: digestOf(Buffer.from('a manifest of both')), graph: sbom }],
    }));
    // In one repository each: two entries, with one subject.
    const whole = withReferrers(plan, found, []);
    expect(sources(planned(whole.images), 2).map((names) => names.length)).toEqual([4, 0]);
  });
});

describe('the matrix', () => {
  const plan = planOfImages(image('quay.io/a:1'), image('quay.io/b:1'));

  test('names each shard as --shard takes it', () => {
    const { include } = shardMatrix(usefulShards(plan, 2));
    const bytes = plan.inventory.blobs.reduce((sum, { size }) => sum + size, 0);
    expect(include).toMatchObject([
      { shard: '1/2', images: 1 },
      { shard: '2/2', images: 1 },
    ]);
    expect(include.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [256, 2],
  ])('of %i shards of two images has %i', (most, expected) => {
    const shards = usefulShards(plan, most);
    expect(shards).toHaveLength(expected);
    expect(shards).toEqual(shardsOf(plan, expected));
  });

  test('of no images has one', () => {
    expect(shardMatrix(usefulShards(planOfImages(), 3)).include).toEqual([
      { shard: '1/1', images: 0, bytes: root.size },
    ]);
  });

  test('of a light plan, which has no blobs, weighs what is mirrored', () => {
    const light = planned(plan.images, { blobs: [], imagesNotEmbedded: true });
    const bytes = uniqueBlobs(plan.images).reduce((sum, { size }) => sum + size, 0);
    const { include } = shardMatrix(usefulShards(light, 2));
    expect(include.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
    expect(include).toHaveLength(2);
  });
});
