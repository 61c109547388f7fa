import { blobPath } from '../bundle/archive.ts';
import type { SignedBundle } from '../bundle/verify.ts';
import { totalSize } from '../oci/descriptor.ts';
import { leavesOf } from '../oci/graph.ts';
import { blobRepositories, travels } from '../plan/blobs.ts';
import type { Inventory, InventoryImage } from '../plan/inventory.ts';
import { bundleRepository } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';
import { lackingBlobs } from '../transfer/lacking.ts';
import { blobsOf } from '../transfer/units.ts';
import { bundleGraph } from './bundle-graph.ts';

/** Bytes of the configs and layers of images that a registry lacks; all null where a bundle does not say what it has. */
export interface LackingBytes {
  /** In no repository where a load would look, and in the bundle. */
  readonly carried: number | null;
  /** In the registry already. */
  readonly shared: number | null;
  /** In no repository and not in the bundle either: a delta leaves them to its base, which was not loaded. */
  readonly leftToBase: number | null;
}

export const unknownBytes: LackingBytes = { carried: null, shared: null, leftToBase: null };

/**
 * Asks the target, with HEADs alone, for the blobs of these images: in the bundle's repository, that of its base, and
 * those of every image that has them too. Reads the manifests out of the bundle.
 * @param sources of the images of which a placement is to be written
 * @throws AirgapError integrity, authentication, transient, io
 */
export async function lackingBytes(
  bundle: SignedBundle,
  inventory: Inventory,
  sources: ReadonlySet<string>,
  target: RegistryClient,
): Promise<LackingBytes> {
  if (sources.size === 0) return { carried: 0, shared: 0, leftToBase: 0 };
  if (inventory.imagesNotEmbedded) return unknownBytes;
  const images = await readGraphs(bundle, inventory);
  const lacked = images.filter(({ entry }) => sources.has(entry.source));
  const needed = blobsOf(lacked.flatMap(({ graph }) => leavesOf(graph)));
  const users = blobRepositories(images, inventory);
  const { base } = inventory;
  const first = [inventory, ...(base ? [{ ...inventory, name: base.name }] : [])].map(
    bundleRepository,
  );
  const inTarget = (whole: string) => whole.slice(target.host.length + 1);
  const sought = needed.map((blob) => ({
    blob,
    repositories: [...new Set([...first, ...(users.get(blob.digest) ?? [])])].map(inTarget),
  }));
  const lacking = await lackingBlobs(sought, target);
  const ofBase = new Set(base?.blobs.map(({ digest }) => digest));
  const left = totalSize(lacking.filter(({ digest }) => ofBase.has(digest)));
  const carried = totalSize(lacking) - left;
  return { carried, shared: totalSize(needed) - totalSize(lacking), leftToBase: left };
}

/** One read of a manifest after the other: they lie in one file. */
async function readGraphs(bundle: SignedBundle, inventory: Inventory) {
  const content = { readBlob: (digest: InventoryImage['digest']) => bundle.read(blobPath(digest)) };
  const read = [];
  for (const entry of inventory.images.filter((image) => travels(inventory, image)))
    read.push({ entry, graph: await bundleGraph(content, entry) });
  return read;
}
