import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageGraph, type ManifestDocument, makeDocument } from '../oci/graph.ts';

/** An image of a bundle as manifests, all of which it carries. @throws AirgapError integrity, io */
export async function bundleGraph(
  bundle: Pick<VerifiedBundle, 'readBlob'>,
  root: Descriptor,
): Promise<ImageGraph> {
  const documents = new Map<Digest, ManifestDocument>();
  const visit = async (descriptor: Descriptor): Promise<void> => {
    if (documents.has(descriptor.digest)) return;
    const document = makeDocument(descriptor, await bundle.readBlob(descriptor.digest));
    documents.set(descriptor.digest, document);
    if (document.manifest.kind !== 'index') return;
    for (const child of document.manifest.manifests) await visit(child);
  };
  await visit(root);
  return { root, documents };
}
