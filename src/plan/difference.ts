import { totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import {
  compareImages,
  comparePlacements,
  type ImageDifference,
  type PlacementDifference,
} from './image-difference.ts';
import type { Inventory, InventoryBlob, InventoryFile } from './inventory.ts';
import { type Change, change, match } from './match.ts';
import { compareTargets, type TargetDifference } from './target-difference.ts';

/** What installing the second of two bundles in place of the first changes. */
export interface Difference {
  /** Both install the same: all below but `tool` and `bytes` is empty. Names, versions and dates may differ. */
  readonly same: boolean;
  readonly images: ImageDifference;
  readonly placements: PlacementDifference;
  readonly platforms: Change<readonly string[]> | null;
  readonly chart: Change<ChartOf | null> | null;
  readonly target: TargetDifference;
  readonly credentials: Change<'embed' | 'age' | null> | null;
  readonly files: FileDifference;
  /** Versions of the tool that made them. */
  readonly tool: Change<string> | null;
  readonly bytes: BytesDifference;
}

export type ChartOf = NonNullable<Inventory['chart']>;

/** Of files that do not only repeat what the rest says. */
export interface FileDifference {
  /** Paths in the bundle. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Bytes of manifests, configs and layers, each counted once; all null where one of the two does not say what it has. */
export interface BytesDifference {
  /** What the second has and the first had not: what a delta carries. */
  readonly carried: number | null;
  readonly shared: number | null;
  /** What the first had and the second does not need. */
  readonly dropped: number | null;
}

/** @param from the bundle that is installed */
export function compare(from: Inventory, to: Inventory): Difference {
  const parts = {
    images: compareImages(from, to),
    placements: comparePlacements(from, to),
    platforms: change(from.platforms, to.platforms),
    chart: change(from.chart ?? null, to.chart ?? null),
    target: compareTargets(from, to),
    credentials: change(from.credentials ?? null, to.credentials ?? null),
    files: compareFiles(from.files, to.files),
  };
  return {
    same: isEmpty(parts),
    ...parts,
    tool: change(from.tool.version, to.tool.version),
    bytes: compareBytes(from, to),
  };
}

/** Counts of what is unchanged aside. */
function isEmpty(part: unknown): boolean {
  if (Array.isArray(part)) return part.length === 0;
  if (typeof part !== 'object' || part === null) return part === null || part === false;
  return Object.entries(part).every(([name, value]) => name === 'unchanged' || isEmpty(value));
}

/** Tables, sums, SBOMs and README hang on the inventory, chart files on the chart. */
const repeating =
  /^(?:(?:images|base|settings)\.tsv|index\.json|oci-layout|SHA256SUMS|README\.txt|sbom\.(?:cdx|spdx)\.json|chart\/.*)$/;

function compareFiles(
  from: readonly InventoryFile[],
  to: readonly InventoryFile[],
): FileDifference {
  const [older, newer] = [from, to].map((files) =>
    files.filter(({ path }) => !repeating.test(path)),
  ) as [InventoryFile[], InventoryFile[]];
  const { added, removed, both } = match(older, newer, ({ path }) => path);
  const path = (file: InventoryFile) => file.path;
  return {
    added: added.map(path),
    removed: removed.map(path),
    changed: both.filter((pair) => change(pair.from, pair.to)).map((pair) => pair.to.path),
  };
}

/** A delta stands for what it left to its base, too. */
function compareBytes(from: Inventory, to: Inventory): BytesDifference {
  if (from.imagesNotEmbedded || to.imagesNotEmbedded)
    return { carried: null, shared: null, dropped: null };
  const [older, newer] = [contentOf(from), contentOf(to)];
  const isIn = (content: ReadonlyMap<Digest, InventoryBlob>) => (blob: InventoryBlob) =>
    content.has(blob.digest);
  const [before, after] = [[...older.values()], [...newer.values()]];
  return {
    carried: totalSize(after.filter((blob) => !isIn(older)(blob))),
    shared: totalSize(after.filter(isIn(older))),
    dropped: totalSize(before.filter((blob) => !isIn(newer)(blob))),
  };
}

function contentOf({ blobs, base }: Inventory): ReadonlyMap<Digest, InventoryBlob> {
  return new Map([...blobs, ...(base?.blobs ?? [])].map((blob) => [blob.digest, blob]));
}
