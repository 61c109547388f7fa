import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  type ImageGraph,
  isIndexDocument,
  type ManifestDocument,
  makeDocument,
} from '../oci/graph.ts';
import { isIndex } from '../oci/media-types.ts';
import { formatPlatform, type Platform, platformMatches } from '../oci/platform.ts';

/** Where a reduced index names the index that it was made from. */
export const originalDigestAnnotation = 'dev.airgap-bundle.original-digest';

export interface Filtered {
  readonly graph: ImageGraph;
  /** The source's digest, where the filter changed it. */
  readonly originalDigest?: Digest;
  readonly droppedAttestations: boolean;
}

/**
 * Keeps the wanted platforms of an image. One manifest left: that manifest is the image. Several: an index of
 * them, the original's digest in an annotation. Nothing dropped: the image as it is, its digest intact.
 * @param wanted empty: all
 * @returns undefined when no wanted platform is there
 */
export function filterPlatforms(
  graph: ImageGraph,
  wanted: readonly Platform[],
): Filtered | undefined {
  const untouched = { graph, droppedAttestations: false };
  if (wanted.length === 0) return untouched;
  const root = documentOf(graph, graph.root.digest);
  if (!isIndexDocument(root)) return fits(root, wanted) ? untouched : undefined;
  const kept = root.manifest.manifests.filter((child) => keeps(graph, child, wanted));
  if (kept.length === root.manifest.manifests.length) return untouched;
  const [only, ...others] = kept;
  if (!only) return undefined;
  const dropped = root.manifest.manifests.filter((child) => !kept.includes(child));
  return {
    graph: others.length === 0 ? { ...graph, root: only } : reduced(graph, root, kept),
    originalDigest: graph.root.digest,
    droppedAttestations: dropped.some(isAttestation),
  };
}

/** Whether a child of the root is worth reading under a filter; a nested index is read and kept whole. */
export function isWantedChild(child: Descriptor, wanted: readonly Platform[]): boolean {
  return wanted.length === 0 || isIndex(child.mediaType) || isWanted(child.platform, wanted);
}

function isAttestation(child: Descriptor): boolean {
  return child.platform?.os === 'unknown' && child.platform.architecture === 'unknown';
}

/** What an image can be had for at its source, unread children included. */
export function availablePlatforms({ root, documents }: ImageGraph): (Platform | undefined)[] {
  const document = documents.get(root.digest);
  return document?.manifest.kind === 'index'
    ? document.manifest.manifests.map(({ platform }) => platform)
    : [document?.platform];
}

/** Those of the wanted that the image surely does not have. */
export function missingPlatforms(graph: ImageGraph, wanted: readonly Platform[]): Platform[] {
  const available = availablePlatforms(graph);
  // An index in the index has platforms of its own; what runs on none in particular runs on all.
  if (available.includes(undefined)) return [];
  return wanted.filter((one) => !available.some((platform) => isWanted(platform, [one])));
}

/** `linux/amd64` and so on, each once; attestations are not platforms. */
export function platformNames(platforms: readonly (Platform | undefined)[]): string[] {
  const names = platforms
    .filter((platform) => platform?.os && platform.os !== 'unknown')
    .map((platform) => formatPlatform(platform as Platform));
  return [...new Set(names)];
}

/** What runs on no platform in particular, such as a chart kept as an image, fits every filter. */
function fits({ platform }: ManifestDocument, wanted: readonly Platform[]): boolean {
  return platform === undefined || isWanted(platform, wanted);
}

function keeps(graph: ImageGraph, child: Descriptor, wanted: readonly Platform[]): boolean {
  return graph.documents.has(child.digest) && isWantedChild(child, wanted);
}

function isWanted(platform: Platform | undefined, wanted: readonly Platform[]): boolean {
  return platform !== undefined && wanted.some((one) => platformMatches(one, platform));
}

/** The same document with fewer entries; every other field stays, so the bytes depend on nothing else. */
function reduced(
  graph: ImageGraph,
  root: ManifestDocument,
  kept: readonly Descriptor[],
): ImageGraph {
  const original = JSON.parse(root.bytes.toString('utf8')) as Record<string, unknown> & {
    manifests: { digest: string }[];
    annotations?: Record<string, string>;
  };
  const digests = new Set<string>(kept.map((child) => child.digest));
  const bytes = Buffer.from(
    JSON.stringify({
      ...original,
      manifests: original.manifests.filter((child) => digests.has(child.digest)),
      annotations: { ...original.annotations, [originalDigestAnnotation]: graph.root.digest },
    }),
  );
  const { mediaType } = graph.root;
  const document = makeDocument({ mediaType, digest: digestOf(bytes), size: bytes.length }, bytes);
  const documents = new Map(graph.documents).set(document.descriptor.digest, document);
  return { root: document.descriptor, documents };
}

function documentOf(graph: ImageGraph, digest: Digest): ManifestDocument {
  const document = graph.documents.get(digest);
  if (!document) throw new Error(`the graph lacks its own root ${digest}`);
  return document;
}
