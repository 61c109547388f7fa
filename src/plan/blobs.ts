import type { Digest } from '../oci/digest.ts';
import { childrenFirst, isLeaf, leavesOf } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import type { Inventory, InventoryBlob, InventoryImage, InventoryTarget } from './inventory.ts';
import type { PlannedImage } from './plan.ts';
import { isPullThrough, splitPlacement } from './repositories.ts';

/**
 * What the archive holds of the images, each once: indexes and manifests first, then configs and layers, in the
 * order of the list.
 */
export function uniqueBlobs(images: readonly Pick<PlannedImage, 'graph'>[]): InventoryBlob[] {
  const documents = images.flatMap(({ graph }) => childrenFirst(graph));
  const content = documents.filter(isLeaf).flatMap(({ manifest }) => references(manifest));
  const all = [...documents.map((document) => document.descriptor), ...content];
  return eachOnce(all.map(({ digest, size }) => ({ digest, size })));
}

/** Where each stands first. */
export function eachOnce(blobs: readonly InventoryBlob[]): InventoryBlob[] {
  const unique = new Map<Digest, InventoryBlob>();
  for (const blob of blobs) if (!unique.has(blob.digest)) unique.set(blob.digest, blob);
  return [...unique.values()];
}

/** The repositories in the target, `host/repository`, into which each config and layer goes. */
export function blobRepositories(
  images: readonly Pick<PlannedImage, 'entry' | 'graph'>[],
  { target: { pullThrough } }: Pick<Inventory, 'target'>,
): ReadonlyMap<Digest, readonly string[]> {
  const users = new Map<Digest, Set<string>>();
  for (const { entry, graph } of images) {
    const placed = entry.placements.map(({ reference }) => splitPlacement(reference).repository);
    const written = placed.filter((repository) => !isPullThrough(repository, pullThrough));
    for (const { digest } of leavesOf(graph).flatMap(({ manifest }) => references(manifest))) {
      const repositories = users.get(digest) ?? new Set();
      users.set(digest, repositories);
      for (const repository of written) repositories.add(repository);
    }
  }
  return new Map([...users].map(([digest, repositories]) => [digest, [...repositories]]));
}

/** Whether an image travels: it is wanted somewhere in the target that can be pushed to. */
export function travels(
  { target: { pullThrough } }: { readonly target: Pick<InventoryTarget, 'pullThrough'> },
  { placements }: InventoryImage,
): boolean {
  return placements.some(
    ({ reference }) => !isPullThrough(splitPlacement(reference).repository, pullThrough),
  );
}
