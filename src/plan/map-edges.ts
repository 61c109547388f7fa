import { effectiveMap } from '../mirror-map/effective.ts';
import type { MapEntry } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { withoutApiPath } from '../mirror-map/target.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { referenceIn } from '../oci/reference.ts';
import { eachOnce } from './blobs.ts';
import { groupBy } from './group-by.ts';
import type { Inventory, InventoryBlob, InventoryImage, Placement } from './inventory.ts';
import { basePath } from './repositories.ts';

/** What comes from one source registry to lie under one prefix of the target. */
export interface MapEdge {
  /** `host[:port]`; empty where no grammar accepts the image. */
  readonly source: string;
  /** `host/path`; absent where no rule maps the images. */
  readonly target?: string;
  /** How many images of the list; what is attached to them is not counted. */
  readonly images: number;
  /** Of all that these images need, each blob once; absent where that is not known. */
  readonly bytes?: number;
  /** Absent where no rule maps the images. */
  readonly askedForBy?: Placement['askedForBy'];
}

/** Manifests, configs and layers of an image, by the digest that the inventory has of it. */
export type ImageContents = ReadonlyMap<Digest, readonly InventoryBlob[]>;

/** One placement of an image, or its not having any. */
interface Way {
  readonly source: string;
  readonly target?: string;
  readonly image: InventoryImage;
  readonly askedForBy?: Placement['askedForBy'];
}

/** The map as it is used: source registries in the order of the images, each with its targets. */
export function mapEdges(inventory: Inventory, contents?: ImageContents): MapEdge[] {
  const { entries } = effectiveMap(
    parseMirrorMap(inventory.target.mirrorMap),
    inventory.target.endpoint,
  );
  const ways = inventory.images.flatMap((image) =>
    waysOf(image, entries, basePath(inventory.target)),
  );
  const bySource = groupBy(ways, ({ source }) => source);
  return [...bySource.values()]
    .flatMap((ofOne) => [...groupBy(ofOne, ({ target }) => target).values()])
    .map((same) => edgeOf(same, contents));
}

function waysOf(image: InventoryImage, entries: readonly MapEntry[], base: string): Way[] {
  const source = referenceIn(image.source)?.registry ?? '';
  if (image.placements.length === 0) return [{ source, image }];
  const own = entries.filter(({ kind, key }) => kind === 'registry' && isOf(key, source));
  return image.placements.map(({ reference, askedForBy }) => ({
    ...{ source, image, askedForBy },
    target: prefixOf(reference, own) ?? prefixOf(reference, entries) ?? outside(reference, base),
  }));
}

/** A key is a registry, with `/library` behind it, or without its port. */
function isOf(key: string, registry: string): boolean {
  return key === registry || key === `${registry}/library` || key === registry.split(':', 1)[0];
}

/** The longest target of the map that the reference begins with. */
function prefixOf(reference: string, entries: readonly MapEntry[]): string | undefined {
  const prefixes = entries
    .filter(({ kind, value }) => kind !== 'exact' && kind !== 'noswap' && value !== '')
    .map(({ value }) => withoutApiPath(value))
    .filter((prefix) => reference.startsWith(prefix.endsWith('-') ? prefix : `${prefix}/`));
  return prefixes.sort((a, b) => b.length - a.length)[0];
}

/** An `[EXACT]` line has a whole reference as its target. */
function outside(reference: string, base: string): string {
  return reference.startsWith(`${base}/`) ? base : (reference.split('/', 1)[0] ?? reference);
}

function edgeOf(ways: readonly Way[], contents: ImageContents | undefined): MapEdge {
  const { source = '', target } = ways[0] ?? {};
  const images = [...new Set(ways.map(({ image }) => image))];
  const asking = new Set(ways.flatMap(({ askedForBy }) => (askedForBy ? [askedForBy] : [])));
  const [only] = asking;
  const bytes = contents && uniqueBytes(images, contents);
  return {
    source,
    ...(target === undefined ? {} : { target }),
    images: images.filter(({ referrer }) => !referrer).length,
    ...(bytes === undefined ? {} : { bytes }),
    ...(only ? { askedForBy: asking.size > 1 ? 'both' : only } : {}),
  };
}

/** Undefined when the contents of one of them are not known. */
function uniqueBytes(
  images: readonly InventoryImage[],
  contents: ImageContents,
): number | undefined {
  const known = images.flatMap(({ digest }) => contents.get(digest) ?? []);
  return images.every(({ digest }) => contents.has(digest))
    ? totalSize(eachOnce(known))
    : undefined;
}
