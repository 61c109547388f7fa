import type { Digest } from '../oci/digest.ts';
import { childrenFirst, isLeaf } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import type { Inventory, InventoryBlob, InventoryImage } from './inventory.ts';
import type { PlannedImage } from './plan.ts';
import { isPullThrough, splitPlacement } from './repositories.ts';

/**
 * What the archive holds of the images, each once: indexes and manifests first, then configs and layers, in the
 * order of the list.
 */
export function uniqueBlobs(images: readonly PlannedImage[]): InventoryBlob[] {
  const documents = images.flatMap(({ graph }) => childrenFirst(graph));
  const content = documents.filter(isLeaf).flatMap(({ manifest }) => references(manifest));
  const unique = new Map<Digest, InventoryBlob>();
  for (const { digest, size } of [
    ...documents.map((document) => document.descriptor),
    ...content,
  ]) {
    if (!unique.has(digest)) unique.set(digest, { digest, size });
  }
  return [...unique.values()];
}

/** Whether an image travels: it is wanted somewhere in the target that can be pushed to. */
export function travels(
  { target: { pullThrough } }: Pick<Inventory, 'target'>,
  { placements }: InventoryImage,
): boolean {
  return placements.some(
    ({ reference }) => !isPullThrough(splitPlacement(reference).repository, pullThrough),
  );
}
