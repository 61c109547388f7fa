import type { Digest } from '../oci/digest.ts';
import {
  type ListedImage,
  listed,
  type MovedPlacement,
  type PlacedImage,
  placed,
} from './image-difference.ts';
import type { Inventory, InventoryImage } from './inventory.ts';
import { isPullThrough, splitPlacement } from './repositories.ts';

/** What loading a bundle into its registry changes there. */
export interface RegistryDifference {
  readonly images: {
    /** Of which the registry has no placement. */
    readonly added: readonly ListedImage[];
    /** Of which a placement has another digest; the first such is `from`. */
    readonly moved: readonly MovedSource[];
    /** Of which it has some placements, and lacks some. */
    readonly incomplete: readonly ListedImage[];
    readonly unchanged: number;
  };
  readonly placements: {
    readonly added: readonly PlacedImage[];
    readonly moved: readonly MovedPlacement[];
    /** At a pull-through cache, which does not serve the digest: carrying does not mend that. */
    readonly notServed: readonly PlacedImage[];
    readonly unchanged: number;
  };
}

export interface MovedSource {
  readonly source: string;
  readonly from: Digest;
  readonly to: Digest;
}

/** What the registry has under a reference, null where nothing; a reference that it did not answer for is not in it. */
export type Resolved = ReadonlyMap<string, Digest | null>;

/** Only what was answered is compared; an image is when all of its placements were. */
export function compareWithRegistry(inventory: Inventory, resolved: Resolved): RegistryDifference {
  return {
    images: compareImages(inventory, resolved),
    placements: comparePlacements(inventory, resolved),
  };
}

function compareImages({ images }: Inventory, resolved: Resolved): RegistryDifference['images'] {
  const answered = images.flatMap((image) => {
    const found = image.placements.map(({ reference }) => resolved.get(reference));
    const known = found.filter((one) => one !== undefined);
    return found.length > 0 && known.length === found.length ? [{ image, found: known }] : [];
  });
  const of = (state: State) =>
    answered.filter(({ image, found }) => stateOf(image, found) === state);
  return {
    added: of('added').map(({ image }) => listed(image)),
    moved: of('moved').flatMap(({ image: { source, digest: to }, found }) => {
      const from = found.find((one) => one !== null && one !== to);
      return from ? [{ source, from, to }] : [];
    }),
    incomplete: of('incomplete').map(({ image }) => listed(image)),
    unchanged: of('unchanged').length,
  };
}

type State = 'added' | 'moved' | 'incomplete' | 'unchanged';

function stateOf({ digest }: InventoryImage, found: readonly (Digest | null)[]): State {
  if (found.every((one) => one === digest)) return 'unchanged';
  if (found.every((one) => one === null)) return 'added';
  return found.some((one) => one !== null && one !== digest) ? 'moved' : 'incomplete';
}

function comparePlacements(
  inventory: Inventory,
  resolved: Resolved,
): RegistryDifference['placements'] {
  const { pullThrough } = inventory.target;
  const all = placed(inventory).flatMap((one) => {
    const found = resolved.get(one.reference);
    return found === undefined ? [] : [{ ...one, found }];
  });
  const differing = all.filter(({ digest, found }) => found !== digest);
  const isProxied = ({ reference }: PlacedImage) =>
    isPullThrough(splitPlacement(reference).repository, pullThrough);
  const written = differing.filter((one) => !isProxied(one));
  return {
    added: written.filter(({ found }) => found === null).map(plain),
    moved: written.flatMap(({ reference, source, digest: to, found: from }) =>
      from === null ? [] : [{ reference, source, from, to }],
    ),
    notServed: differing.filter(isProxied).map(plain),
    unchanged: all.length - differing.length,
  };
}

function plain({ reference, source, digest }: PlacedImage): PlacedImage {
  return { reference, source, digest };
}
