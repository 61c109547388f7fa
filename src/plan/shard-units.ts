import type { Digest } from '../oci/digest.ts';
import { travels, uniqueBlobs } from './blobs.ts';
import { groupBy } from './group-by.ts';
import type { Inventory, InventoryImage } from './inventory.ts';
import type { PlannedImage } from './plan.ts';

/** Images that no two shards share: only one of them may write what is attached to a manifest. */
export interface ShardUnit {
  /** In the order of the inventory. */
  readonly images: readonly InventoryImage[];
  /** What of the bundle they need, each once: bytes by digest. */
  readonly blobs: ReadonlyMap<Digest, number>;
}

/**
 * An image with all that is attached to it is one unit. So are images with the same digest, and those that something
 * is attached to in common: a list of what is attached is read, changed and written, which two runs cannot do at once.
 */
export function shardUnits(inventory: Inventory, images: readonly PlannedImage[]): ShardUnit[] {
  const bound = joined(images.map(bonds));
  const weighs = weighing(inventory);
  return [...groupBy(images, (image) => bound(image.entry.digest)).values()].map((members) => ({
    images: members.map(({ entry }) => entry),
    blobs: new Map(members.flatMap(weighs)),
  }));
}

/** Digests of manifests, of which an image shares a unit with whoever has one of them too; the first is its own. */
function bonds({ entry, graph }: PlannedImage): Digest[] {
  const subjects = [...graph.documents.values()].flatMap(
    ({ manifest: { subject } }) => subject?.digest ?? [],
  );
  return [entry.digest, ...(entry.referrer?.images ?? []), ...subjects];
}

/** @returns for a digest the one that stands for all that it is bound to, whichever way */
function joined(groups: readonly (readonly Digest[])[]): (digest: Digest) => Digest {
  const parents = new Map<Digest, Digest>();
  const find = (digest: Digest): Digest => {
    let top = digest;
    for (let above = parents.get(top); above !== undefined; above = parents.get(top)) top = above;
    return top;
  };
  for (const [first, ...others] of groups) {
    if (first === undefined) continue;
    for (const other of others)
      if (find(other) !== find(first)) parents.set(find(other), find(first));
  }
  return find;
}

/** Of a light bundle, which has no blobs, what `mirror` moves. */
function weighing(inventory: Inventory): (image: PlannedImage) => [Digest, number][] {
  const carried = new Set(inventory.blobs.map(({ digest }) => digest));
  const counts = (digest: Digest) => inventory.imagesNotEmbedded || carried.has(digest);
  return (image) => {
    if (!travels(inventory, image.entry)) return [];
    const blobs = uniqueBlobs([image]).filter(({ digest }) => counts(digest));
    return blobs.map(({ digest, size }) => [digest, size]);
  };
}
