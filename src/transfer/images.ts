import type { Inventory } from '../plan/inventory.ts';
import type { TransferImage } from './job.ts';

/** The images that have a place in the target; an unmapped one has none. */
export function transferImages({ images }: Pick<Inventory, 'images'>): TransferImage[] {
  return images
    .filter(({ placements }) => placements.length > 0)
    .map(({ source, digest, mediaType, placements }) => ({
      source,
      digest,
      mediaType,
      placements: placements.map(({ reference }) => reference),
    }));
}
