import type { Digest } from '../oci/digest.ts';
import { referenceIn } from '../oci/reference.ts';
import { groupBy } from '../plan/group-by.ts';
import type { InventoryImage } from '../plan/inventory.ts';
import { oneLine } from '../report/safe.ts';
import type { PlacementResult } from '../transfer/job.ts';
import type { RunFacts } from './facts.ts';
import type { AttachedImage, ImageSize, ReportImage, ReportPlacement } from './report.ts';
import { sizesOf } from './sizes.ts';

/** Every image of the list in its order; what is attached to it stands below it. */
export function reportImages(facts: RunFacts): ReportImage[] {
  const { images } = facts.inventory;
  const lookUp = { sizes: sizesOf(facts), states: statesOf(facts) };
  const own = images.filter(({ referrer }) => !referrer);
  const attached = attachedTo(own, images);
  return own.map((image) => ({
    ...partsOf(image, lookUp),
    registry: registryOf(image),
    originalDigest: image.originalDigest ?? null,
    platforms: image.platforms,
    pinnedBy: image.pinnedBy,
    namedBy: facts.namedBy ? (facts.namedBy.get(image.source) ?? []) : null,
    attached: (attached.get(image) ?? []).map((one) => attachedImage(one, lookUp)),
  }));
}

interface LookUp {
  readonly sizes: ReadonlyMap<Digest, ImageSize> | undefined;
  /** By placement. */
  readonly states: ReadonlyMap<string, PlacementResult>;
}

export function registryOf({ source }: InventoryImage): string {
  return referenceIn(source)?.registry ?? '';
}

function partsOf(image: InventoryImage, { sizes, states }: LookUp) {
  const { source, digest, mediaType } = image;
  const placements = image.placements.map((one): ReportPlacement => {
    const found = states.get(one.reference);
    const error = found?.error ? errorLine(found.error) : null;
    return { ...one, state: found?.state ?? null, error };
  });
  return { source, digest, mediaType, size: sizes?.get(digest) ?? null, placements };
}

function errorLine({ message, given }: NonNullable<PlacementResult['error']>): string {
  return oneLine(given ? `${message}: ${given}` : message);
}

function attachedImage(image: InventoryImage, lookUp: LookUp): AttachedImage {
  const { referrer } = image;
  return {
    ...partsOf(image, lookUp),
    subject: referrer?.subject ?? image.digest,
    artifactType: referrer?.artifactType ?? null,
  };
}

/** The first image of the list that a referrer names; of a bundle where none is, the first of all. */
function attachedTo(
  own: readonly InventoryImage[],
  images: readonly InventoryImage[],
): ReadonlyMap<InventoryImage | undefined, InventoryImage[]> {
  const byDigest = groupBy(own, ({ digest }) => digest);
  const home = ({ referrer }: InventoryImage) =>
    referrer?.images.flatMap((digest) => byDigest.get(digest) ?? [])[0] ?? own[0];
  return groupBy(
    images.filter(({ referrer }) => referrer),
    home,
  );
}

function statesOf({ placed }: RunFacts): ReadonlyMap<string, PlacementResult> {
  const all = placed?.flatMap(({ placements }) => placements) ?? [];
  return new Map(all.map((one) => [one.reference, one]));
}
