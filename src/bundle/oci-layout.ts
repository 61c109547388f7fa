import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { ociIndex } from '../oci/media-types.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import type { InventoryImage } from '../plan/inventory.ts';

/** The part of an image that the layout's `index.json` shows. */
export type LayoutImage = Pick<InventoryImage, 'source' | 'digest' | 'mediaType' | 'size'>;

export interface RootIndex {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** oras refuses a manifest over 4 MiB; some registries stop earlier. */
const rootLimit = 3 * 1024 * 1024;

/**
 * `oci-layout` and `index.json` (image-spec, image-layout.md). Everything that is copied by its digest stands
 * there: oras takes an unlisted digest for a blob. `ctr images import` fails on a name that cannot run.
 * @param images the runnable ones of the archive, in the inventory's order; they come with their names
 * @param unnamed root indexes and artifacts
 */
export function layoutFiles(
  images: readonly LayoutImage[],
  unnamed: readonly Descriptor[],
): Map<'oci-layout' | 'index.json', Buffer> {
  const manifests = [...images.map(namedDescriptor), ...unnamed.map(plainDescriptor)];
  return new Map([
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json({ schemaVersion: 2, mediaType: ociIndex, manifests })],
  ]);
}

/**
 * Flat indexes over all image manifests of the bundle: each digest once, ordered by digest, with a platform and
 * without annotations, because Quay and gcr.io refuse others. More than one only when one would be over 3 MiB.
 * @param leaves image manifests, no indexes; their platform comes from the parent index or the image's config
 */
export function rootIndexes(leaves: readonly Descriptor[]): RootIndex[] {
  const unique = new Map<Digest, Descriptor>();
  for (const leaf of leaves) unique.set(leaf.digest, unique.get(leaf.digest) ?? leaf);
  const children = [...unique.values()].map(childDescriptor).sort(byDigest);
  return split(children).map((manifests) => {
    const bytes = json({ schemaVersion: 2, mediaType: ociIndex, manifests });
    return {
      descriptor: { mediaType: ociIndex, digest: digestOf(bytes), size: bytes.length },
      bytes,
    };
  });
}

/** `ref.name` is what oras and skopeo are asked for, `image.name` what containerd calls the image. */
function namedDescriptor(image: LayoutImage): Descriptor {
  const annotations = {
    'org.opencontainers.image.ref.name': image.source,
    'io.containerd.image.name': formatReference(parseReference(image.source)),
  };
  return { ...plainDescriptor(image), annotations };
}

function plainDescriptor({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function childDescriptor({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return {
    mediaType,
    digest,
    size,
    platform: platform ?? { os: 'unknown', architecture: 'unknown' },
  };
}

function byDigest(one: Descriptor, other: Descriptor): number {
  return one.digest < other.digest ? -1 : 1;
}

function split(children: readonly Descriptor[]): Descriptor[][] {
  const parts: Descriptor[][] = [];
  let room = 0;
  for (const child of children) {
    const size = JSON.stringify(child).length + 1;
    if (size > room) {
      parts.push([]);
      room = rootLimit - 1024;
    }
    parts.at(-1)?.push(child);
    room -= size;
  }
  return parts;
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
