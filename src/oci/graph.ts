import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { type ImageIndex, type ImageManifest, type Manifest, parseManifest } from './manifest.ts';
import type { Platform } from './platform.ts';

/** One manifest or index with the exact bytes that its digest covers. */
export interface ManifestDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly manifest: Manifest;
  /** Of an image manifest: from the index that lists it, else from its config. */
  readonly platform?: Platform;
}

/** An image as manifests alone: what its reference resolved to and all documents reachable from there. */
export interface ImageGraph {
  readonly root: Descriptor;
  readonly documents: ReadonlyMap<Digest, ManifestDocument>;
}

/** An image manifest with its document. */
export type Leaf = ManifestDocument & { readonly manifest: ImageManifest };

/** Reads a document's bytes. @throws AirgapError integrity when they are no manifest that we can carry */
export function makeDocument(
  descriptor: Descriptor,
  bytes: Buffer,
  platform: Platform | undefined = descriptor.platform,
): ManifestDocument {
  const manifest = parseManifest(bytes, descriptor.mediaType);
  return { descriptor, bytes, manifest, ...(platform ? { platform } : {}) };
}

/**
 * The documents from children to parents, each once: the order in which they may be put.
 * @throws Error for a graph with a hole, so that no bundle is made of one
 */
export function childrenFirst(graph: ImageGraph): ManifestDocument[] {
  const ordered = new Set<ManifestDocument>();
  const visit = (digest: Digest): void => {
    const document = graph.documents.get(digest);
    if (!document) throw new Error(`the graph lacks ${digest}`);
    if (ordered.has(document)) return;
    if (document.manifest.kind === 'index')
      document.manifest.manifests.forEach((m) => {
        visit(m.digest);
      });
    ordered.add(document);
  };
  visit(graph.root.digest);
  return [...ordered];
}

export function leavesOf(graph: ImageGraph): Leaf[] {
  return childrenFirst(graph).filter(isLeaf);
}

export function isLeaf(document: ManifestDocument): document is Leaf {
  return document.manifest.kind === 'manifest';
}

export function isIndexDocument(
  document: ManifestDocument,
): document is ManifestDocument & { readonly manifest: ImageIndex } {
  return document.manifest.kind === 'index';
}
