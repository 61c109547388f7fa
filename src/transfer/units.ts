import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageGraph, leavesOf, type ManifestDocument, makeDocument } from '../oci/graph.ts';
import { isForeign, references } from '../oci/manifest.ts';
import type { Origin, TransferImage, TransferJob } from './job.ts';

/** What one oras process would copy: the blobs of some manifests, into one repository of the target. */
export interface CopyUnit {
  readonly key: string;
  readonly image: TransferImage;
  readonly repository: string;
  /** Copied by this digest. */
  readonly digest: Digest;
  /** Each once. */
  readonly blobs: readonly Descriptor[];
  /**
   * Whether any manifest is attached to another one (image-spec, manifest.md, "subject"). oras copies that too, and
   * fails where it is not at hand, as in a bundle.
   */
  readonly hasSubject: boolean;
  /** Manifests that are in the repository after oras has run. */
  readonly documents: readonly Digest[];
}

/**
 * From registries each image manifest is copied by itself, so that an index is never put before its children.
 * From a layout the whole image is: oras takes a digest that `index.json` does not list for a blob, pushes it
 * as one and ends well.
 */
export function unitsOf(
  image: TransferImage,
  graph: ImageGraph,
  repository: string,
  kind: Origin['kind'],
): CopyUnit[] {
  const leaves = leavesOf(graph);
  const unit = (digest: Digest, of: typeof leaves, documents: readonly Digest[]): CopyUnit => ({
    key: `${repository}@${digest}`,
    image,
    repository,
    digest,
    blobs: blobsOf(of),
    hasSubject: documents.some((one) => graph.documents.get(one)?.manifest.subject !== undefined),
    documents,
  });
  if (kind === 'layout') return [unit(graph.root.digest, leaves, [...graph.documents.keys()])];
  return leaves.map((leaf) => unit(leaf.descriptor.digest, [leaf], [leaf.descriptor.digest]));
}

/** Configs and layers, each once; without layers that are fetched from elsewhere and never pushed. */
export function blobsOf(documents: readonly ManifestDocument[]): Descriptor[] {
  const blobs = documents.flatMap(({ manifest }) => references(manifest));
  const kept = blobs.filter((blob) => !isForeign(blob));
  return [...new Map(kept.map((blob) => [blob.digest, blob])).values()];
}

/** All manifests of an image, from the job's cache or tar. */
export async function readGraph(
  image: TransferImage,
  manifest: TransferJob['manifest'],
): Promise<ImageGraph> {
  const documents = new Map<Digest, ManifestDocument>();
  const read = async (digest: Digest): Promise<ManifestDocument> => {
    const { mediaType, bytes } = await manifest(digest);
    const document = makeDocument({ mediaType, digest, size: bytes.length }, bytes);
    documents.set(digest, document);
    if (document.manifest.kind === 'index')
      await Promise.all(references(document.manifest).map((child) => read(child.digest)));
    return document;
  };
  const { descriptor } = await read(image.digest);
  return { root: descriptor, documents };
}
