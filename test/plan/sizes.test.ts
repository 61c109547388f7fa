import { expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import { makeDocument } from '../../src/oci/graph.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import type { PlannedImage } from '../../src/plan/plan.ts';
import { planSizes } from '../../src/plan/sizes.ts';
import { buildImage } from '../helpers/images.ts';

const layer = (letter: string) => Buffer.alloc(1000, letter);

function planned(placements: number, ...layers: string[]) {
  const { root, manifests } = buildImage({ layers: layers.map(layer), opaque: true });
  const documents = new Map(
    manifests.map(({ descriptor, bytes }) => [descriptor.digest, makeDocument(descriptor, bytes)]),
  );
  const references = Array.from({ length: placements }, (_, at) => ({
    reference: `h/m/a:${at}`,
    askedForBy: 'both',
  }));
  const entry = { digest: root.digest, placements: references };
  return { image: { entry, graph: { root, documents } } as unknown as PlannedImage };
}

const target = { pullThrough: [] } as unknown as Inventory['target'];
const digestOfLayer = (image: PlannedImage, at: number): Digest => {
  const [document] = [...image.graph.documents.values()];
  if (document?.manifest.kind !== 'manifest') throw new Error('one manifest');
  const found = document.manifest.layers[at];
  if (!found) throw new Error('no such layer');
  return found.digest;
};

test('shared layers count once for the whole, and for each image that has them', () => {
  const [one, two, left] = [planned(2, 'a', 'b'), planned(1, 'a'), planned(0, 'a', 'c')];
  const { images, shared, added } = planSizes([one.image, two.image, left.image], { target });
  expect(shared).toBe(1000);
  expect(added).toBeUndefined();
  const [first = 0, second = 0] = [one, two].map(({ image }) => images[image.entry.digest]);
  expect(first).toBeGreaterThan(2000);
  expect(second).toBeGreaterThan(1000);
  expect(second).toBeLessThan(2000);
});

test('of a delta each image has what its base does not bring', () => {
  const one = planned(1, 'a', 'b');
  const blobs = [{ digest: digestOfLayer(one.image, 0), size: 1000 }];
  const base = { blobs } as unknown as NonNullable<Inventory['base']>;
  const { images, added } = planSizes([one.image], { target, base });
  const { digest } = one.image.entry;
  expect((images[digest] ?? 0) - (added?.[digest] ?? 0)).toBe(1000);
});
