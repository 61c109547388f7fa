import { isDeepStrictEqual } from 'node:util';
import type { ListedImage } from '../inputs/spec.ts';
import { type ResolveResult, resolveImage } from '../mirror-map/consumers.ts';
import type { MapEntry, MirrorMap } from '../mirror-map/map.ts';
import { printEntries } from '../mirror-map/print.ts';
import type { Inventory } from './inventory.ts';
import { pulledFrom } from './pulled-as.ts';

/** Who asks for what, and how far the map reaches. */
export interface Coverage {
  /** Every image once, in the order of the list, with all places that ask for it. */
  readonly images: readonly { readonly image: string; readonly askedForBy: readonly string[] }[];
  /** Images that no entry of the map covers. */
  readonly unmapped: readonly string[];
  /** Entries, `key::value`, without which every image would end up in the same place. */
  readonly unusedRules: readonly string[];
  /** What the sources of `covers` name, would ask the target for, and not find there by this bundle. */
  readonly lacking: readonly Lacking[];
}

export interface Lacking {
  readonly image: string;
  readonly askedForBy: readonly string[];
  /** The reference in the target. */
  readonly wanted: string;
}

/** @param map the effective one */
export function coverageOf(
  map: MirrorMap,
  listed: readonly ListedImage[],
): Omit<Coverage, 'lacking'> {
  const askedForBy = new Map<string, string[]>();
  for (const { image, origin } of listed)
    askedForBy.set(image, [...(askedForBy.get(image) ?? []), origin]);
  const images = [...askedForBy.keys()];
  const concerned = imagesByKey(images);
  const isUnused = (entry: MapEntry) =>
    isRule(entry) && changesNothing(map, entry, concerned(entry));
  return {
    images: images.map((image) => ({ image, askedForBy: askedForBy.get(image) ?? [] })),
    unmapped: images.filter((image) => !isMapped(resolveImage(map, image))),
    unusedRules: map.entries.filter(isUnused).map((entry) => printEntries([entry])),
  };
}

/** @param named by image, the places of `covers` that name it */
export function lackingOf(
  inventory: Inventory,
  named: ReadonlyMap<string, readonly string[]>,
): Lacking[] {
  const pulled = pulledFrom(inventory);
  return [...named].flatMap(([image, askedForBy]) => {
    const { where, asked } = pulled(image);
    return where === 'nowhere' ? [{ image, askedForBy, wanted: asked }] : [];
  });
}

/** What swaps; the other kinds keep from swapping, and so match nothing by their nature. */
function isRule({ kind, line }: MapEntry): boolean {
  return line > 0 && (kind === 'registry' || kind === 'exact' || kind === 'replace');
}

function isMapped({ webhook, containerd }: ResolveResult): boolean {
  return 'error' in webhook || webhook.swapped || containerd.length > 0;
}

function changesNothing(map: MirrorMap, left: MapEntry, images: readonly string[]): boolean {
  const others = { ...map, entries: map.entries.filter((entry) => entry !== left) };
  return images.every((image) =>
    isDeepStrictEqual(resolveImage(map, image), resolveImage(others, image)),
  );
}

/** The images that an entry can mean something to, so that a map of many entries costs no more than its images. */
function imagesByKey(images: readonly string[]): (entry: MapEntry) => readonly string[] {
  const byKey = new Map<string, string[]>();
  for (const image of images) {
    for (const key of keysOf(image)) byKey.get(key)?.push(image) ?? byKey.set(key, [image]);
  }
  return ({ kind, key }) => (kind === 'replace' ? images : (byKey.get(key) ?? []));
}

/** Whatever either consumer may take for its registry, with and without a port, and the image itself. */
function keysOf(image: string): Set<string> {
  const [first = ''] = image.split('/', 1);
  const hosts = [first, first.replace(/[:@].*$/, ''), 'docker.io'];
  return new Set([image, ...hosts, ...hosts.map((host) => `${host}/library`)]);
}
