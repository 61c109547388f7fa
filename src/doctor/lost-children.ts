import pMap from 'p-map';
import type { Descriptor } from '../oci/descriptor.ts';
import { makeDocument } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { Inventory } from '../plan/inventory.ts';
import { isPullThrough, splitPlacement } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';

/**
 * What is gone below the indexes of a bundle though their tags resolve, a line each: a node would learn it when it
 * pulls. One GET an index and repository, one HEAD a platform.
 * @throws AirgapError
 */
export async function lostChildren(
  { images, target: { pullThrough } }: Inventory,
  target: RegistryClient,
): Promise<string[]> {
  const indexes = images
    .filter(({ mediaType }) => isIndex(mediaType))
    .flatMap(({ placements }) => placements.map(({ reference }) => reference))
    .filter((reference) => !isPullThrough(splitPlacement(reference).repository, pullThrough));
  const lost = await pMap(indexes, (reference) => lostBelow(reference, target), {
    concurrency: 32,
  });
  return lost.flat();
}

async function lostBelow(reference: string, target: RegistryClient): Promise<string[]> {
  const { repository: whole, tag } = splitPlacement(reference);
  const repository = whole.slice(target.host.length + 1);
  const lost = async (child: Descriptor): Promise<string[]> => {
    const isThere = (await target.headManifest(repository, child.digest)) !== undefined;
    if (isThere) return isIndex(child.mediaType) ? below(child.digest) : [];
    const what = child.platform ? formatPlatform(child.platform) : 'a manifest';
    return [`${reference}: ${what} below it is gone (${child.digest})`];
  };
  const below = async (index: string): Promise<string[]> => {
    const found = await target.getManifest(repository, index);
    if (found === undefined) return [`${reference}: ${index} is gone`];
    const { manifest } = makeDocument(found.descriptor, found.bytes);
    return (await Promise.all(references(manifest).map(lost))).flat();
  };
  return below(tag);
}
