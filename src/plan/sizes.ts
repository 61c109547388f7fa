import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageGraph, leavesOf } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import { travels } from './blobs.ts';
import type { Inventory } from './inventory.ts';
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
  const contents = new Map(images.map(({ entry, graph }) => [entry.digest, contentOf(graph)]));
  const sizes = (keep: (content: Pick<Descriptor, 'digest'>) => boolean) =>
    Object.fromEntries(
      [...contents].map(([digest, content]) => [digest, totalSize(content.filter(keep))]),
    );
  const base = inventory.base && new Set(inventory.base.blobs.map(({ digest }) => digest));
  const travelling = images.filter(({ entry }) => travels(inventory, entry));
  const all = travelling.flatMap(({ graph }) => contentOf(graph));
  return {
    images: sizes(() => true),
    ...(base && { added: sizes(({ digest }) => !base.has(digest)) }),
    shared: totalSize(all) - totalSize(eachOnce(all)),
  };
}

function contentOf(graph: ImageGraph): Pick<Descriptor, 'digest' | 'size'>[] {
  const documents = [...graph.documents.values()].map(({ descriptor }) => descriptor);
  const content = leavesOf(graph).flatMap(({ manifest }) => references(manifest));
  return eachOnce([...documents, ...content]);
}

function eachOnce<T extends { readonly digest: Digest }>(content: readonly T[]): T[] {
  return [...new Map(content.map((one) => [one.digest, one])).values()];
}
