import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { type ImageGraph, type ManifestDocument, makeDocument } from '../oci/graph.ts';
import { mediaTypeOf } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import { AirgapError } from '../report/error.ts';
import type { RegistryClient } from './client.ts';
import type { ContentCache } from './content-cache.ts';
import { readBlob } from './read-blob.ts';

export interface ImageSource {
  readonly client: RegistryClient;
  readonly repository: string;
}

/**
 * Reads an image as manifests alone, by tag or digest. Of an earlier run only the tag is asked for anew: documents come
 * from the cache by digest where it has them.
 * @param wanted which children of the root, if it is an index, to read; nested indexes are read whole
 * @returns undefined when the registry does not have it
 */
export async function readImage(
  source: ImageSource,
  reference: string,
  cache: ContentCache,
  wanted: (child: Descriptor) => boolean,
): Promise<ImageGraph | undefined> {
  const root = await readRoot(source, reference, cache);
  if (!root) return undefined;
  const documents = new Map<Digest, ManifestDocument>();
  const walk = { source, cache, documents };
  const document = await readDocument(walk, root);
  if (document.manifest.kind === 'index')
    await readAll(walk, document.manifest.manifests.filter(wanted));
  return { root: document.descriptor, documents };
}

/** Reads what a descriptor names, all of it, as `readImage` does; what its config says of platforms is not read. */
export async function readDescribed(
  source: ImageSource,
  descriptor: Descriptor,
  cache: ContentCache,
): Promise<ImageGraph> {
  const documents = new Map<Digest, ManifestDocument>();
  const read = async ({ mediaType, digest }: Descriptor): Promise<ManifestDocument> => {
    const bytes = await manifestBytes({ source, cache }, digest);
    const document = makeDocument({ mediaType, digest, size: bytes.length }, bytes);
    documents.set(digest, document);
    if (document.manifest.kind === 'index')
      await Promise.all(document.manifest.manifests.map(read));
    return document;
  };
  return { root: (await read(descriptor)).descriptor, documents };
}

/** Where nothing is kept, a tag's manifest itself is asked for at once: its digest alone would be of no use. */
async function readRoot(
  { client, repository }: ImageSource,
  reference: string,
  cache: ContentCache,
): Promise<Descriptor | undefined> {
  const kept = isDigest(reference) ? await cache.atHand?.(reference) : undefined;
  if (kept && isDigest(reference))
    return { mediaType: mediaTypeOf(kept), digest: reference, size: kept.length };
  if (isDigest(reference) || !(await cache.wasEmpty()))
    return client.headManifest(repository, reference);
  const found = await client.getManifest(repository, reference);
  if (found) await cache.get(found.descriptor.digest, async () => found.bytes);
  return found?.descriptor;
}

interface Walk {
  readonly source: ImageSource;
  readonly cache: ContentCache;
  readonly documents: Map<Digest, ManifestDocument>;
}

/** Documents and all that is below them. */
async function readAll(walk: Walk, descriptors: readonly Descriptor[]): Promise<void> {
  await Promise.all(
    descriptors.map(async (descriptor) => {
      const { manifest } = await readDocument(walk, descriptor);
      if (manifest.kind === 'index') await readAll(walk, manifest.manifests);
    }),
  );
}

async function readDocument(walk: Walk, descriptor: Descriptor): Promise<ManifestDocument> {
  const bytes = await manifestBytes(walk, descriptor.digest);
  const sized = { ...descriptor, size: bytes.length };
  const read = makeDocument(sized, bytes);
  const platform = read.platform ?? (await configPlatform(walk, read));
  const document = platform ? { ...read, platform } : read;
  walk.documents.set(descriptor.digest, document);
  return document;
}

async function manifestBytes(
  { source, cache }: Pick<Walk, 'source' | 'cache'>,
  digest: Digest,
): Promise<Buffer> {
  return cache.get(digest, async () => {
    const found = await source.client.getManifest(source.repository, digest);
    if (found) return found.bytes;
    throw new AirgapError('usage', 'a manifest that its own registry names is not there', {
      given: `${source.client.host}/${source.repository}@${digest}`,
      next: 'push the image to its registry again, or name another tag',
    });
  });
}

/** An image that no index lists says in its config what it runs on. */
async function configPlatform(
  { source, cache }: Walk,
  { manifest, descriptor }: ManifestDocument,
): Promise<Platform | undefined> {
  if (manifest.kind === 'index' || isIndex(descriptor.mediaType)) return undefined;
  if (!/config\.v1\+json|container\.image\.v1\+json/.test(manifest.config.mediaType))
    return undefined;
  const { digest } = manifest.config;
  const bytes = await cache.get(digest, () =>
    readBlob(source.client, source.repository, manifest.config),
  );
  return platformOf(bytes);
}

function platformOf(config: Buffer): Platform | undefined {
  const { os, architecture, variant } = JSON.parse(config.toString('utf8')) as Record<
    string,
    unknown
  >;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  // So cosign says that a signature runs nowhere.
  if (os === '' && architecture === '') return undefined;
  return typeof variant === 'string' && variant
    ? { os, architecture, variant }
    : { os, architecture };
}
