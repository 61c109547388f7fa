import { effectiveMap } from '../mirror-map/effective.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import { printMirrorMap } from '../mirror-map/print.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import { AirgapError } from '../report/error.ts';
import { travels } from './blobs.ts';
import { checkConsumers, type Judged } from './check-image.ts';
import { checkMap } from './check-map.ts';
import { collisions } from './collisions.ts';
import type { Inventory, InventoryImage } from './inventory.ts';
import { ownTag, placeReferrers } from './place-referrers.ts';
import { askedFor, placementsOf, tagClaims } from './placements.ts';
import { error, type Problem } from './problem.ts';
import { splitPlacement } from './repositories.ts';
import type { Destination } from './site-target.ts';

/** An inventory with the target and the placements of a site, and what would go wrong there. */
export interface PlacedAnew {
  readonly inventory: Inventory;
  /** The map that both consumers are judged by. */
  readonly map: MirrorMap;
  readonly problems: readonly Problem[];
}

/**
 * Places the images of an inventory under another target, by the rules of a plan: the images and their digests stay,
 * where they go is decided again.
 * @throws AirgapError integrity for a source that is no image name
 */
export function placeAnew(inventory: Inventory, destination: Destination): PlacedAnew {
  const { section: target } = destination;
  const map = effectiveMap(target.mirrorMap, target.endpoint);
  const listed = inventory.images.filter(({ referrer }) => !referrer);
  const judged = listed.map((entry) => ({ entry, ...judge(map, entry) }));
  const isClaimed = tagClaims(
    judged.map(({ entry, asks }) => ({ asked: asks.asked, digest: entry.digest })),
  );
  const images = withMoved(
    inventory.images,
    judged.map(({ entry, asks }) => ({
      ...entry,
      placements: placementsOf(asks.asked, entry.digest, isClaimed),
    })),
    destination.pullThrough,
  );
  const placed = { ...inventory, target: targetAt(inventory, destination, map), images };
  return {
    inventory: placed,
    map,
    problems: [
      ...checkMap({ target, images: judged.map(({ image }) => image.listed) }),
      ...judged.flatMap((image) => checkConsumers({ target }, map, image)),
      ...collisions(images),
      ...notCarried(placed),
    ],
  };
}

/** All entries in their order, the images where they go now and what is attached beside them. */
function withMoved(
  all: readonly InventoryImage[],
  placed: readonly InventoryImage[],
  pullThrough: readonly string[],
): InventoryImage[] {
  const wanted = all.flatMap(({ referrer, ...entry }) =>
    referrer ? [{ ...entry, images: referrer.images, tags: tagsOf(entry), referrer }] : [],
  );
  const referrers = placeReferrers(wanted, placed, pullThrough).values();
  const images = placed.values();
  return all.map((entry) => {
    if (!entry.referrer) return images.next().value ?? entry;
    return { ...entry, placements: referrers.next().value?.placements ?? [] };
  });
}

function tagsOf({ digest, placements }: Omit<InventoryImage, 'referrer'>): string[] {
  const tags = new Set(placements.map(({ reference }) => splitPlacement(reference).tag));
  return tags.size > 0 ? [...tags] : [ownTag(digest)];
}

function judge(map: MirrorMap, { source }: InventoryImage): Judged {
  const listed = { image: source, origin: 'bundle.json' };
  return { image: { listed, reference: sourceOf(source) }, asks: askedFor(map, source) };
}

function sourceOf(source: string): Reference {
  try {
    return parseReference(source);
  } catch (cause) {
    throw new AirgapError('integrity', 'bundle.json holds what is no image name', {
      given: source,
      next: 'copy the bundle again, or have it made again',
      cause,
    });
  }
}

function targetAt(
  { target: { environment } }: Inventory,
  { section, access, pullThrough }: Destination,
  map: MirrorMap,
): Inventory['target'] {
  return {
    endpoint: section.endpoint,
    baseContentPath: section.baseContentPath,
    ...access,
    mirrorMap: printMirrorMap(map),
    environment,
    ...(pullThrough.length > 0 ? { pullThrough } : {}),
  };
}

/** What no rule mapped when the bundle was made, or a pull-through cache had, is not in it. */
function notCarried(inventory: Inventory): Problem[] {
  if (inventory.imagesNotEmbedded) return [];
  const carried = new Set(inventory.blobs.map(({ digest }) => digest));
  return inventory.images
    .filter((image) => travels(inventory, image) && !carried.has(image.digest))
    .map(({ source }) =>
      error(
        'not-carried',
        [source],
        `${source} would be pushed, but the bundle does not carry it: where it was made for, nothing mapped it, or a pull-through cache had it`,
        'name its target path in pullThrough, leave its registry out of the map, or make a bundle for this target',
      ),
    );
}
