import type { ImageBlobs } from '../bundle/progress.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageGraph, leavesOf } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import { travels } from '../plan/blobs.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { PlannedBundle } from './make-plan.ts';

/** Of each image that a bundle carries the blobs that are written for it: a shared one is the first image's. */
export function imageBlobs(
  images: PlannedBundle['images'],
  inventory: Pick<Inventory, 'target' | 'imagesNotEmbedded'>,
): ImageBlobs[] {
  if (inventory.imagesNotEmbedded) return [];
  const taken = new Set<Digest>();
  return images
    .filter(({ entry }) => !entry.referrer && travels(inventory, entry))
    .map(({ entry, graph }) => {
      const blobs = digestsOf(graph).filter((digest) => !taken.has(digest));
      for (const digest of blobs) taken.add(digest);
      return { image: entry.source, blobs };
    });
}

/** Of its manifests, configs and layers, each once. */
function digestsOf(graph: ImageGraph): Digest[] {
  const content = leavesOf(graph).flatMap(({ manifest }) => references(manifest));
  return [...new Set([...graph.documents.keys(), ...content.map(({ digest }) => digest)])];
}
