import type { Digest } from '../oci/digest.ts';
import { travels } from '../plan/blobs.ts';
import type { Inventory, InventoryBase } from '../plan/inventory.ts';

/**
 * What an inventory must hold beyond the shape of its fields: every archive path once, and every image inside.
 * @returns what is wrong, in plain words; empty when nothing is.
 */
export function inventoryFaults(inventory: Inventory): string[] {
  const paths = inventory.files.map((file) => file.path);
  const blobs = inventory.blobs.map((blob) => blob.digest);
  return [
    ...repeated(paths).map((path) => `file twice: ${path}`),
    ...foldersAmong(paths).map((path) => `both a file and a folder: ${path}`),
    ...repeated(blobs).map((digest) => `blob twice: ${digest}`),
    ...absent(inventory, new Set(blobs)).map((digest) => `not among the blobs: ${digest}`),
    ...strayReferrers(inventory).map((source) => `a referrer of no image: ${source}`),
    ...(inventory.base ? baseFaults(inventory, inventory.base) : []),
  ];
}

/** A blob is in the archive or left out of it, and only a bundle with images can leave out any. */
function baseFaults(inventory: Inventory, base: InventoryBase): string[] {
  const leftOut = base.blobs.map((blob) => blob.digest);
  const carried = new Set(inventory.blobs.map((blob) => blob.digest));
  return [
    ...(inventory.imagesNotEmbedded ? ['a base, and no images embedded'] : []),
    ...repeated(leftOut).map((digest) => `blob of the base twice: ${digest}`),
    ...leftOut
      .filter((digest) => carried.has(digest))
      .map((digest) => `both in the base and among the blobs: ${digest}`),
  ];
}

/** Where an image goes says where what is attached to it goes. */
function strayReferrers({ images }: Inventory): string[] {
  const listed = new Set(images.filter(({ referrer }) => !referrer).map(({ digest }) => digest));
  return images
    .filter(({ referrer }) => referrer?.images.some((digest) => !listed.has(digest)))
    .map(({ source }) => source);
}

function repeated<T extends string>(values: readonly T[]): T[] {
  const seen = new Set<T>();
  return values.filter((value) => seen.has(value) || !seen.add(value));
}

/** `a` beside `a/b` could not be unpacked. */
function foldersAmong(paths: readonly string[]): string[] {
  const folders = new Set(paths.flatMap((path) => parents(path)));
  return paths.filter((path) => folders.has(path));
}

function parents(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Roots are always inside; an image is if it travels at all. Of a part the others have the rest. */
function absent(inventory: Inventory, blobs: ReadonlySet<Digest>): Digest[] {
  if (inventory.shard) return [];
  const roots = [inventory.root, ...(inventory.moreRoots ?? [])].flatMap((root) => root ?? []);
  const images = inventory.imagesNotEmbedded
    ? []
    : inventory.images.filter((image) => travels(inventory, image));
  return [...roots, ...images].map(({ digest }) => digest).filter((digest) => !blobs.has(digest));
}
