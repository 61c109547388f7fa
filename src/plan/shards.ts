import { totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory, InventoryBlob, InventoryImage } from './inventory.ts';
import type { PlannedImage } from './plan.ts';
import { type ShardUnit, shardUnits } from './shard-units.ts';
import { shareOut } from './share-out.ts';

/** What one of several runs that carry out a plan together has to do. */
export interface Shard {
  /** Those that it mirrors, with what is attached to them, in the inventory's order. */
  readonly images: readonly InventoryImage[];
  /** Those that its part of the bundle holds, in the inventory's order. */
  readonly blobs: readonly InventoryBlob[];
}

/** A plan with the manifests that its inventory names by digest. */
export interface ShardedPlan {
  readonly inventory: Inventory;
  readonly images: readonly PlannedImage[];
}

/**
 * Splits a plan into shards of nearly equal bytes. It hangs on the inventory and the count alone, so that every run
 * finds the same shards in the saved plan, and nothing else has to be passed on.
 *
 * - An image goes whole into one shard, with all that is attached to it (`shard-units.ts`).
 * - Images that share blobs stay together as long as their shard keeps within the bound (`share-out.ts`). Where the
 *   bound cuts them apart, each shard mirrors what it needs.
 * - In the bundle each blob belongs to one shard alone: to the one of those that need it which has the fewest bytes by
 *   then, the largest blobs being given away first. Root indexes belong to the first.
 *
 * @returns `count` of them; the last are empty where there is less to share out
 */
export function shardsOf({ inventory, images }: ShardedPlan, count: number): Shard[] {
  const units = shardUnits(inventory, images);
  const shares = shareOut(units, count).map((share) => share.map((at) => units[at] as ShardUnit));
  const owned = ownBlobs(inventory, shares);
  return shares.map((share, at) => {
    const own = new Set(share.flatMap((unit) => unit.images));
    return { images: inventory.images.filter((image) => own.has(image)), blobs: owned[at] ?? [] };
  });
}

/** As many shards as have something to do, at most `most` and at least one. */
export function usefulShards(plan: ShardedPlan, most: number): Shard[] {
  const shards = shardsOf(plan, most);
  const busy = shards.filter(({ images }) => images.length > 0).length;
  return busy === most || most === 1 ? shards : usefulShards(plan, Math.max(busy, 1));
}

/** The blobs of the bundle by shard; of a light bundle, which has none, those that are mirrored. */
function ownBlobs(
  inventory: Inventory,
  shares: readonly (readonly ShardUnit[])[],
): InventoryBlob[][] {
  const users = usersOf(shares);
  const blobs = inventory.imagesNotEmbedded
    ? new Map(shares.flat().flatMap((unit) => [...unit.blobs]))
    : new Map(inventory.blobs.map(({ digest, size }) => [digest, size]));
  const bytes = shares.map(() => 0);
  const owners = new Map<Digest, number>();
  const largestFirst = [...blobs].sort(([, one], [, other]) => other - one);
  const isFree = ([digest]: [Digest, number]) => (users.get(digest)?.length ?? 0) < 2;
  for (const [digest, size] of [
    ...largestFirst.filter(isFree),
    ...largestFirst.filter((blob) => !isFree(blob)),
  ]) {
    const owner = leastOf(users.get(digest) ?? [0], bytes);
    owners.set(digest, owner);
    bytes[owner] = (bytes[owner] ?? 0) + size;
  }
  const all = [...blobs].map(([digest, size]) => ({ digest, size }));
  return shares.map((_, at) => all.filter(({ digest }) => owners.get(digest) === at));
}

/** The shards that need each blob. */
function usersOf(shares: readonly (readonly ShardUnit[])[]): ReadonlyMap<Digest, number[]> {
  const users = new Map<Digest, number[]>();
  shares.forEach((share, at) => {
    for (const digest of new Set(share.flatMap(({ blobs }) => [...blobs.keys()])))
      users.set(digest, [...(users.get(digest) ?? []), at]);
  });
  return users;
}

function leastOf(shards: readonly number[], bytes: readonly number[]): number {
  return shards.reduce((best, at) => ((bytes[at] ?? 0) < (bytes[best] ?? 0) ? at : best));
}

/** What GitHub's `strategy.matrix` takes. */
export interface ShardMatrix {
  readonly include: readonly {
    /** `1/3`, what `--shard` takes. */
    readonly shard: string;
    readonly images: number;
    /** Of its part of the bundle. */
    readonly bytes: number;
  }[];
}

export function shardMatrix(shards: readonly Shard[]): ShardMatrix {
  return {
    include: shards.map(({ images, blobs }, at) => ({
      shard: `${at + 1}/${shards.length}`,
      images: images.filter(({ referrer }) => !referrer).length,
      bytes: totalSize(blobs),
    })),
  };
}
