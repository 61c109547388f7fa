import type { ImageBlobs } from '../bundle/progress.ts';
import type { Digest } from '../oci/digest.ts';
import { travels, uniqueBlobs } from '../plan/blobs.ts';
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
    .map((image) => {
      const digests = uniqueBlobs([image]).map(({ digest }) => digest);
      const blobs = digests.filter((digest) => !taken.has(digest));
      for (const digest of blobs) taken.add(digest);
      return { image: image.entry.source, blobs };
    });
}
