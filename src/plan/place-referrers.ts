import { type Digest, hexOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import type { InventoryImage, Placement } from './inventory.ts';
import { repositoryOf } from './placements.ts';
import { isPullThrough, splitPlacement } from './repositories.ts';

/** A referrer that is to be placed beside images of its source repository. */
export interface Wanted {
  /** In full, with its digest. */
  readonly source: string;
  readonly digest: Digest;
  readonly images: readonly Digest[];
  readonly tags: readonly string[];
}

export interface PlacedReferrer<T> {
  readonly wanted: T;
  readonly placements: readonly Placement[];
  /** References under which something else is to be. */
  readonly taken: readonly string[];
}

/**
 * Places referrers in all repositories of their images that can be pushed to: a proxy cache gets them by itself. What an
 * image of the list is to be called is no referrer's, nor what an earlier referrer is called.
 */
export function placeReferrers<T extends Wanted>(
  wanted: readonly T[],
  images: readonly InventoryImage[],
  pullThrough: readonly string[] = [],
): PlacedReferrer<T>[] {
  if (wanted.length === 0) return [];
  const homes = homesOf(images, pullThrough);
  const claims = new Map(
    images.flatMap(({ digest, placements }) =>
      placements.map(({ reference }) => [reference, digest] as const),
    ),
  );
  return wanted.map((one) => {
    const isFree = ({ reference }: Placement) =>
      (claims.get(reference) ?? one.digest) === one.digest;
    const all = placementsOf(one, homes);
    const placements = all.filter(isFree);
    for (const { reference } of placements) claims.set(reference, one.digest);
    const taken = all.filter((at) => !isFree(at)).map(({ reference }) => reference);
    return { wanted: one, placements, taken };
  });
}

/** The tag that keeps a manifest which has none from a registry's garbage collector. */
export function ownTag(digest: Digest): string {
  return `airgap-${hexOf(digest).slice(0, 12)}`;
}

/** `host/repository` of an image as written. */
export function sourceRepository(source: string): string {
  return repositoryOf(parseReference(source));
}

/** By source repository and digest, the repositories in the target that have an image, and who asks there. */
type Homes = ReadonlyMap<string, ReadonlyMap<string, Placement['askedForBy']>>;

function homesOf(images: readonly InventoryImage[], pullThrough: readonly string[]): Homes {
  const homes = new Map<string, Map<string, Placement['askedForBy']>>();
  for (const { source, digest, placements } of images) {
    const key = `${sourceRepository(source)}@${digest}`;
    const askers = homes.get(key) ?? new Map<string, Placement['askedForBy']>();
    homes.set(key, askers);
    for (const { reference, askedForBy } of placements) {
      const { repository } = splitPlacement(reference);
      if (!isPullThrough(repository, pullThrough))
        askers.set(repository, merged(askers.get(repository), askedForBy));
    }
  }
  return homes;
}

function placementsOf({ source, images, tags }: Wanted, homes: Homes): Placement[] {
  const from = sourceRepository(source);
  const askers = new Map<string, Placement['askedForBy']>();
  for (const digest of images)
    for (const [repository, by] of homes.get(`${from}@${digest}`) ?? [])
      askers.set(repository, merged(askers.get(repository), by));
  return [...askers].flatMap(([repository, askedForBy]) =>
    tags.map((tag) => ({ reference: `${repository}:${tag}`, askedForBy })),
  );
}

function merged(
  one: Placement['askedForBy'] | undefined,
  other: Placement['askedForBy'],
): Placement['askedForBy'] {
  return one === undefined || one === other ? other : 'both';
}
