import { totalSize } from '../oci/descriptor.ts';
import { eachOnce, travels, uniqueBlobs } from './blobs.ts';
import type { Inventory, InventoryBlob } from './inventory.ts';
import type { PlannedImage } from './plan.ts';

/** How large images are, in bytes. */
export interface PlanSizes {
  /** By digest: manifests, configs and layers of the platforms that are kept. */
  readonly images: Readonly<Record<string, number>>;
  /** Of a delta, by digest: what of an image its base does not bring. */
  readonly added?: Readonly<Record<string, number>>;
  /** What travels once, and would travel more often if no image shared anything with another. */
  readonly shared: number;
}

export function planSizes(
  images: readonly Pick<PlannedImage, 'entry' | 'graph'>[],
  inventory: Pick<Inventory, 'target' | 'base'>,
): PlanSizes {
  const contents = new Map(images.map((image) => [image.entry.digest, uniqueBlobs([image])]));
  const sizes = (keep: (blob: InventoryBlob) => boolean) =>
    Object.fromEntries(
      [...contents].map(([digest, content]) => [digest, totalSize(content.filter(keep))]),
    );
  const base = inventory.base && new Set(inventory.base.blobs.map(({ digest }) => digest));
  const travelling = images.filter(({ entry }) => travels(inventory, entry));
  const apart = travelling.flatMap((image) => uniqueBlobs([image]));
  return {
    images: sizes(() => true),
    ...(base && { added: sizes(({ digest }) => !base.has(digest)) }),
    shared: totalSize(apart) - totalSize(eachOnce(apart)),
  };
}
