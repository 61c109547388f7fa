import { totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { eachOnce } from '../plan/blobs.ts';
import { groupBy } from '../plan/group-by.ts';
import type { InventoryBlob } from '../plan/inventory.ts';
import type { ImageContents } from '../plan/map-edges.ts';
import type { PlacementState } from '../transfer/job.ts';
import type { RunFacts } from './facts.ts';
import { registryOf } from './images.ts';
import type { ImageSize, RegistryShare, SharedBlob, Sums } from './report.ts';

export function sumsOf({ inventory, contents, placed }: RunFacts): Sums {
  const own = inventory.images.filter(({ referrer }) => !referrer);
  const placements = inventory.images.flatMap((image) => image.placements);
  return {
    images: own.length,
    attached: inventory.images.length - own.length,
    leftOut: own.filter((image) => image.placements.length === 0).length,
    placements: placements.length,
    states: placed ? statesOf(placed.flatMap((image) => image.placements)) : null,
    platforms: [...new Set(own.flatMap(({ platforms }) => platforms))],
    carried: totalSize(inventory.blobs),
    leftToBase: totalSize(inventory.base?.blobs ?? []),
    unique: contents ? totalSize(eachOnce([...contents.values()].flat())) : null,
    apart: contents ? totalSize([...contents.values()].flat()) : null,
  };
}

function statesOf(placements: readonly { readonly state: PlacementState }[]): Sums['states'] {
  const groups = groupBy(placements, ({ state }) => state);
  return Object.fromEntries([...groups].map(([state, some]) => [state, some.length]));
}

/** By the image's digest: two names of one image share all, and that is their own. */
export function sizesOf({ contents }: RunFacts): ReadonlyMap<Digest, ImageSize> | undefined {
  if (!contents) return undefined;
  const users = usersOf(contents);
  return new Map(
    [...contents].map(([digest, blobs]) => {
      const own = blobs.filter((blob) => users.get(blob.digest) === 1);
      return [digest, { whole: totalSize(blobs), own: totalSize(own) }];
    }),
  );
}

/** How many images need each blob. */
function usersOf(contents: ImageContents): ReadonlyMap<Digest, number> {
  const users = new Map<Digest, number>();
  for (const blobs of contents.values()) {
    for (const { digest } of blobs) users.set(digest, (users.get(digest) ?? 0) + 1);
  }
  return users;
}

/** More of them say nothing new. */
const mostShared = 50;

export function sharedBlobs(contents: ImageContents): SharedBlob[] {
  const users = usersOf(contents);
  return eachOnce([...contents.values()].flat())
    .map(({ digest, size }) => ({ digest, size, images: users.get(digest) ?? 0 }))
    .filter(({ images }) => images > 1)
    .sort((a, b) => saved(b) - saved(a) || (a.digest < b.digest ? -1 : 1))
    .slice(0, mostShared);
}

/** Bytes that need not be carried again. */
export function saved({ size, images }: SharedBlob): number {
  return size * (images - 1);
}

export function registryShares({ inventory: { images }, contents }: RunFacts): RegistryShare[] {
  const counted = new Set<Digest>();
  const firstBrings = (blobs: readonly InventoryBlob[]) => {
    const fresh = blobs.filter(({ digest }) => !counted.has(digest));
    for (const { digest } of fresh) counted.add(digest);
    return totalSize(fresh);
  };
  const shares = [...groupBy(images, registryOf)].map(([registry, some]) => ({
    registry,
    images: some.filter(({ referrer }) => !referrer).length,
    bytes: contents
      ? some.reduce((sum, { digest }) => sum + firstBrings(contents.get(digest) ?? []), 0)
      : null,
  }));
  return shares.sort((a, b) => (b.bytes ?? b.images) - (a.bytes ?? a.images));
}
