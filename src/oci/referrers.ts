import type { Descriptor } from './descriptor.ts';
import { algorithmOf, type Digest, hexOf } from './digest.ts';
import type { ManifestDocument } from './graph.ts';
import type { Manifest } from './manifest.ts';

/** The tag of the index that lists what is attached to a manifest (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(subject: Digest): string {
  return `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`;
}

/** The tags under which cosign keeps signatures, attestations and an SBOM beside an image (cosign, SIGNATURE_SPEC.md). */
export function cosignTags(subject: Digest): string[] {
  return ['sig', 'att', 'sbom'].map((ending) => `${referrersTag(subject)}.${ending}`);
}

/** As a list of referrers has it: with its artifact type and annotations (distribution-spec, "Listing Referrers"). */
export function referrerDescriptor({ descriptor, manifest }: ManifestDocument): Descriptor {
  const { mediaType, digest, size } = descriptor;
  const { annotations } = manifest;
  const artifactType = artifactTypeOf(manifest);
  return {
    mediaType,
    digest,
    size,
    ...(annotations ? { annotations } : {}),
    ...(artifactType ? { artifactType } : {}),
  };
}

/**
 * What it is, for people. cosign's manifests under tags look like images: their first layer says more.
 */
export function referrerKind(manifest: Manifest): string | undefined {
  const type = artifactTypeOf(manifest);
  if (manifest.kind === 'index' || !type || !isImageConfig(type)) return type;
  return manifest.layers[0]?.mediaType ?? type;
}

function isImageConfig(mediaType: string): boolean {
  return /config\.v1\+json$|container\.image\.v1\+json$/.test(mediaType);
}

/** What a manifest says that it is, else what its config is. */
export function artifactTypeOf(manifest: Manifest): string | undefined {
  if (manifest.artifactType) return manifest.artifactType;
  return manifest.kind === 'manifest' ? manifest.config.mediaType : undefined;
}
