import { type Digest, digestOf } from '../oci/digest.ts';
import type { Inventory, InventoryBlob, InventoryShard } from '../plan/inventory.ts';
import type { Shard } from '../plan/shards.ts';
import { printInventory } from './inventory-json.ts';

/** What names a plan, wherever and however it is kept. */
export function planDigest(plan: Inventory): Digest {
  return digestOf(printInventory(plan));
}

/** Which part of a plan a file is, and with what the file's name begins. */
export type PartName = Pick<Inventory, 'name' | 'version'> &
  Pick<InventoryShard, 'number' | 'count'>;

/** `NAME-VERSION.shard-1-of-3.tar`. */
export function partFileName({ name, version, number, count }: PartName): string {
  return `${name}-${version}.shard-${number}-of-${count}.tar`;
}

export function isPartFileName(name: string): boolean {
  return /\.shard-\d+-of-\d+\.tar$/.test(name);
}

/**
 * The `bundle.json` of a part: an unsigned one without files, of the shard's images and blobs.
 * @param beside small content that planning reads and the bundle leaves out, so that who joins asks no registry for it
 */
export function partInventory(
  plan: Inventory,
  shard: InventoryShard,
  { images, blobs }: Shard,
  beside: readonly InventoryBlob[],
): Inventory {
  const { schemaVersion, name, version, sequence, createdAt, tool, target, platforms } = plan;
  const about = { schemaVersion, name, version, sequence, createdAt, tool, target, platforms };
  return { ...about, images, files: [], blobs: [...blobs, ...beside], shard };
}
