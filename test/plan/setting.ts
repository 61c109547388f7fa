import type { BundleSpec } from '../../src/inputs/spec.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { type ImageGraph, type ManifestDocument, makeDocument } from '../../src/oci/graph.ts';
import { isIndex } from '../../src/oci/media-types.ts';
import { type Platform, parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { makePlan, type Plan, type ResolvedImage } from '../../src/plan/plan.ts';
import type { Problem } from '../../src/plan/problem.ts';
import { buildImage, type ImageOptions, type SampleImage } from '../helpers/images.ts';

/** The page's map, as it stands there. */
export const pageMap =
  'docker.io::harbor.example.org/airgap-images/docker.io,gcr.io::harbor.example.org/airgap-images/gcr.io,ghcr.io::harbor.example.org/airgap-images/ghcr.io,k8s.gcr.io::harbor.example.org/airgap-images/gcr.io,registry.k8s.io::harbor.example.org/airgap-images/k8s.io,quay.io::harbor.example.org/airgap-images/quay.io,us-docker.pkg.dev::harbor.example.org/airgap-images';

export interface SpecOptions {
  readonly endpoint?: string;
  readonly basePath?: string;
  readonly platforms?: readonly string[];
}

export function spec(map: string, options: SpecOptions = {}): BundleSpec {
  return {
    folder: '/nowhere',
    lockPath: '/nowhere/bundle.lock',
    covers: [],
    name: 'pcg',
    version: '1',
    environment: 'airgap',
    target: {
      endpoint: options.endpoint ?? 'harbor.example.org',
      name: 'harbor',
      baseContentPath: options.basePath ?? 'airgap-images',
      insecureSkipVerify: false,
      mirrorRegistries: map,
      mirrorMap: parseMirrorMap(map),
    },
    imageSwap: {},
    images: [],
    platforms: (options.platforms ?? []).map(parsePlatform),
    referrers: true,
    registries: {},
    pullThrough: [],
    imageSources: [],
    tools: [],
  };
}

/** An image as its source registry would have answered; one with other content for each other seed. */
export function image(
  name: string,
  options: ImageOptions & { seed?: string; movedTag?: Digest } = {},
): ResolvedImage {
  const { seed = name, movedTag, ...rest } = options;
  return {
    listed: { image: name, origin: 'images[0]' },
    reference: parseReference(name),
    graph: graphOf(sample({ layers: [seed], ...rest })),
    ...(movedTag ? { movedTag } : {}),
  };
}

export function sample(options: ImageOptions): SampleImage {
  return buildImage(options);
}

/** The digest that `image` gives a name. */
export function digestOfImage({ graph }: ResolvedImage): Digest {
  if (!graph) throw new Error('the image is not resolved');
  return graph.root.digest;
}

export function graphOf({ root, manifests }: SampleImage): ImageGraph {
  const documents = new Map<Digest, ManifestDocument>();
  for (const { descriptor, bytes } of manifests) {
    const platform = isIndex(descriptor.mediaType)
      ? undefined
      : platformOf(manifests.at(-1)?.bytes, descriptor.digest);
    documents.set(descriptor.digest, makeDocument(descriptor, bytes, platform));
  }
  return { root, documents };
}

/** From the index; of an image without one it is that of the sample's config. */
function platformOf(root: Buffer | undefined, digest: Digest): Platform {
  const { manifests = [] } = JSON.parse(String(root)) as {
    manifests?: { digest: string; platform: Platform }[];
  };
  return (
    manifests.find((child) => child.digest === digest)?.platform ?? parsePlatform('linux/amd64')
  );
}

export function planOf(bundle: BundleSpec, images: readonly ResolvedImage[]): Plan {
  const listed = images.map((one) => one.listed);
  return makePlan({ ...bundle, images: listed }, images);
}

/** What people act on; warnings that every map of the page's form has are left out. */
export function problemsOf(plan: Plan, ...without: Problem['kind'][]): Problem[] {
  return plan.problems.filter(({ kind }) => !without.includes(kind));
}

/** `reference askedForBy` of each placement, by image. */
export function placementsOf(plan: Plan): Record<string, string[]> {
  return Object.fromEntries(
    plan.images.map(({ entry }) => [
      entry.source,
      entry.placements.map(({ reference, askedForBy }) => `${askedForBy} ${reference}`),
    ]),
  );
}
