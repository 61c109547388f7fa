import { resolve } from 'node:path';
import { blobPath } from '../bundle/archive.ts';
import { openSigned, type SignedBundle } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { mostReadWhole } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { travels, uniqueBlobs } from '../plan/blobs.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { ImageContents } from '../plan/map-edges.ts';
import { AirgapError } from '../report/error.ts';
import { bundleGraph } from './bundle-graph.ts';
import type { PlannedBundle } from './make-plan.ts';

/** What the images of a plan that travel are made of. */
export function contentsOfPlan({
  images,
  inventory,
}: Pick<PlannedBundle, 'images' | 'inventory'>): ImageContents {
  const carried = images.filter(({ entry }) => travels(inventory, entry));
  return new Map(carried.map((image) => [image.entry.digest, uniqueBlobs([image])]));
}

/**
 * The same of a bundle, by its manifests, each of which is held to its digest.
 * @returns undefined where it has none, or not those that its inventory names
 * @throws AirgapError io
 */
export async function contentsOfBundle(
  bundle: Pick<SignedBundle, 'inventory' | 'read'>,
): Promise<ImageContents | undefined> {
  const { inventory } = bundle;
  if (inventory.imagesNotEmbedded) return undefined;
  const readBlob = blobReader(bundle);
  try {
    const contents = new Map<Digest, ReturnType<typeof uniqueBlobs>>();
    for (const image of inventory.images.filter((one) => travels(inventory, one))) {
      contents.set(image.digest, uniqueBlobs([{ graph: await bundleGraph({ readBlob }, image) }]));
    }
    return contents;
  } catch (error) {
    const isDamage = error instanceof AirgapError && error.class !== 'io';
    if (isDamage || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The same of a bundle that nobody has verified. @throws AirgapError usage, integrity, io */
export async function contentsOfFile(
  path: string,
  context: Context,
): Promise<ImageContents | undefined> {
  const nobody = { keys: [], revoked: [], allowUnsigned: true, allowExpired: true };
  const trust = { ...nobody, now: context.now() };
  const bundle = await openSigned(resolve(context.cwd, path), trust);
  try {
    return await contentsOfBundle(bundle);
  } finally {
    await bundle.close();
  }
}

/** Nobody has to read a layer that an inventory calls a manifest. */
function blobReader(bundle: Pick<SignedBundle, 'inventory' | 'read'>) {
  const sizes = sizesIn(bundle.inventory);
  return async (digest: Digest): Promise<Buffer> => {
    const size = sizes.get(digest) ?? Number.POSITIVE_INFINITY;
    if (size > mostReadWhole) throw new RangeError(`${digest} is no manifest of the bundle`);
    return bundle.read(blobPath(digest));
  };
}

function sizesIn({ blobs }: Inventory): ReadonlyMap<Digest, number> {
  return new Map(blobs.map(({ digest, size }) => [digest, size]));
}
