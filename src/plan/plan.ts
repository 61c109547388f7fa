import type { BundleSpec, ListedImage } from '../inputs/spec.ts';
import { effectiveMap } from '../mirror-map/effective.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageGraph, leavesOf } from '../oci/graph.ts';
import type { Reference } from '../oci/reference.ts';
import type { AirgapError } from '../report/error.ts';
import { checkImage } from './check-image.ts';
import { checkMap } from './check-map.ts';
import { collisions } from './collisions.ts';
import type { InventoryImage } from './inventory.ts';
import { type AskedFor, askedFor, placementsOf, tagClaims } from './placements.ts';
import { filterPlatforms, platformNames } from './platforms.ts';
import type { Problem } from './problem.ts';
import { checkSubjects } from './subjects.ts';

/** An image of the list with what its source registry says of it. */
export interface ResolvedImage {
  readonly listed: ListedImage;
  readonly reference: Reference;
  /** Absent when the source does not have it. */
  readonly graph?: ImageGraph;
  readonly failure?: AirgapError;
  /** What the tag resolves to now, where the image is held to another digest: by its name, or by the lock file. */
  readonly movedTag?: Digest | 'gone';
}

export interface PlannedImage {
  readonly entry: InventoryImage;
  readonly reference: Reference;
  /** After the platform filter. */
  readonly graph: ImageGraph;
}

export interface Plan {
  /** The map that both consumers are judged by. */
  readonly map: MirrorMap;
  readonly images: readonly PlannedImage[];
  readonly problems: readonly Problem[];
}

/**
 * Decides what goes where: filters platforms, asks both consumers' rules for every image, and finds what
 * would go wrong in the cluster. Pure: the registries were asked before.
 */
export function makePlan(spec: BundleSpec, resolved: readonly ResolvedImage[]): Plan {
  const map = effectiveMap(spec.target.mirrorMap, spec.target.endpoint);
  const candidates = resolved.map((image) => judge(spec, map, image));
  const isClaimed = tagClaims(candidates.flatMap(wantedTags));
  const images = candidates.flatMap((candidate) => planned(candidate, isClaimed));
  const problems = [
    ...checkMap(spec),
    ...candidates.flatMap((candidate) => checkImage(spec, map, candidate)),
    ...collisions(images.map(({ entry }) => entry)),
    ...checkSubjects(images),
  ];
  return { map, images, problems };
}

/** One image on its way into the plan. */
export interface Candidate {
  readonly image: ResolvedImage;
  readonly asks: AskedFor;
  readonly filtered?: ReturnType<typeof filterPlatforms>;
}

function judge(spec: BundleSpec, map: MirrorMap, image: ResolvedImage): Candidate {
  const asks = askedFor(map, image.listed.image);
  if (!image.graph) return { image, asks };
  const wanted = keepsIndex(image) ? [] : spec.platforms;
  return { image, asks, filtered: filterPlatforms(image.graph, wanted) };
}

/** A reference pinned by an index digest means that index, whole. */
function keepsIndex(image: ResolvedImage): boolean {
  return image.reference.digest !== undefined;
}

function wantedTags({ asks: { asked }, filtered }: Candidate) {
  return filtered ? [{ asked, digest: filtered.graph.root.digest }] : [];
}

function planned(candidate: Candidate, isClaimed: (reference: string) => boolean): PlannedImage[] {
  const { image, asks, filtered } = candidate;
  if (!filtered) return [];
  const { graph, originalDigest } = filtered;
  const { mediaType, digest, size } = graph.root;
  const entry: InventoryImage = {
    source: image.listed.image,
    digest,
    mediaType,
    size,
    platforms: platformNames(leavesOf(graph).map((leaf) => leaf.platform)),
    placements: placementsOf(asks.asked, digest, isClaimed),
    pinnedBy: image.reference.digest ? 'digest' : 'tag',
    ...(originalDigest ? { originalDigest } : {}),
  };
  return [{ entry, reference: image.reference, graph }];
}
