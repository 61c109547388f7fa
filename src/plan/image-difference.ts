import type { Digest } from '../oci/digest.ts';
import { referenceIn } from '../oci/reference.ts';
import type { Inventory, InventoryImage } from './inventory.ts';
import { type Change, change, match } from './match.ts';
import { repositoryOf } from './placements.ts';

export interface ImageDifference {
  readonly added: readonly AddedImage[];
  readonly removed: readonly ListedImage[];
  /** Named in both, with another digest. */
  readonly moved: readonly MovedImage[];
  readonly unchanged: number;
}

export interface ListedImage {
  /** As the user wrote it. */
  readonly source: string;
  readonly digest: Digest;
  readonly platforms: readonly string[];
  /** References in the target; none where no rule maps the image. */
  readonly placements: readonly string[];
}

export interface AddedImage extends ListedImage {
  /** The only image of its repository that was removed, where this is the only one of it that was added. */
  readonly replaces: string | null;
}

export interface MovedImage {
  readonly source: string;
  readonly from: Digest;
  readonly to: Digest;
  /** `tag`: the source has another image under it. `platforms`: the source is the same, and others of it are carried. */
  readonly cause: 'tag' | 'platforms';
  readonly platforms: Change<readonly string[]> | null;
}

export interface PlacementDifference {
  readonly added: readonly PlacedImage[];
  readonly removed: readonly PlacedImage[];
  /** Asked for in both, with another digest: a tag in the target that is written anew. */
  readonly moved: readonly MovedPlacement[];
  readonly unchanged: number;
}

export interface PlacedImage {
  /** `host/repository:tag`. */
  readonly reference: string;
  readonly source: string;
  readonly digest: Digest;
}

export interface MovedPlacement {
  readonly reference: string;
  /** The image that belongs there now. */
  readonly source: string;
  readonly from: Digest;
  readonly to: Digest;
}

/** Images are the same by what the user wrote, and unchanged where the digest is too. */
export function compareImages(from: Inventory, to: Inventory): ImageDifference {
  const { added, removed, both } = match(from.images, to.images, ({ source }) => source);
  const moved = both.filter((pair) => pair.from.digest !== pair.to.digest);
  const replaced = replacements(added, removed);
  return {
    added: added.map((image) => ({ ...listed(image), replaces: replaced.get(image) ?? null })),
    removed: removed.map(listed),
    moved: moved.map(movedImage),
    unchanged: both.length - moved.length,
  };
}

/** Compares what the target has to have under which reference. */
export function comparePlacements(from: Inventory, to: Inventory): PlacementDifference {
  const matched = match(placed(from), placed(to), ({ reference }) => reference);
  const moved = matched.both.filter((pair) => pair.from.digest !== pair.to.digest);
  return {
    added: matched.added,
    removed: matched.removed,
    moved: moved.map(({ from: { digest }, to: now }) => {
      return { reference: now.reference, source: now.source, from: digest, to: now.digest };
    }),
    unchanged: matched.both.length - moved.length,
  };
}

export function placed({ images }: Inventory): PlacedImage[] {
  return images.flatMap(({ source, digest, placements }) =>
    placements.map(({ reference }) => ({ reference, source, digest })),
  );
}

export function listed({ source, digest, platforms, placements }: InventoryImage): ListedImage {
  return { source, digest, platforms, placements: placements.map(({ reference }) => reference) };
}

function movedImage({ from, to }: Change<InventoryImage>): MovedImage {
  return {
    source: to.source,
    from: from.digest,
    to: to.digest,
    cause: atSource(from) === atSource(to) ? 'platforms' : 'tag',
    platforms: change(from.platforms, to.platforms),
  };
}

/** What a filter made another digest of. */
function atSource({ digest, originalDigest }: InventoryImage): Digest {
  return originalDigest ?? digest;
}

/** Which added image came for which removed one, as far as that cannot be doubted. */
function replacements(
  added: readonly InventoryImage[],
  removed: readonly InventoryImage[],
): ReadonlyMap<InventoryImage, string> {
  const [newer, older] = [byRepository(added), byRepository(removed)];
  return new Map(
    [...newer].flatMap(([repository, images]) => {
      const [one, ...more] = images;
      const [before, ...others] = older.get(repository) ?? [];
      const isPlain = one && before && more.length + others.length === 0;
      return isPlain ? [[one, before.source] as const] : [];
    }),
  );
}

function byRepository(images: readonly InventoryImage[]): Map<string, InventoryImage[]> {
  const groups = new Map<string, InventoryImage[]>();
  for (const image of images) {
    const name = nameOf(image.source);
    const group = groups.get(name);
    if (group) group.push(image);
    else groups.set(name, [image]);
  }
  return groups;
}

/** What is no reference stands for itself: an inventory may say anything. */
function nameOf(source: string): string {
  const reference = referenceIn(source);
  return reference ? repositoryOf(reference) : source;
}
