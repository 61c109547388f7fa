import pMap from 'p-map';
import { makeDocument } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';
import type { Inventory } from '../plan/inventory.ts';
import { splitPlacement } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';

/**
 * What is gone below the indexes of a bundle though their tags resolve, a line each: a node would learn it when it
 * pulls. One GET an index and repository, one HEAD a platform.
 * @throws AirgapError
 */
export async function lostChildren(
  { images }: Inventory,
  target: RegistryClient,
): Promise<string[]> {
  const indexes = images
    .filter(({ mediaType }) => isIndex(mediaType))
    .flatMap(({ placements }) => placements.map(({ reference }) => reference));
  const lost = await pMap(indexes, (reference) => lostBelow(reference, target), {
    concurrency: 32,
  });
  return lost.flat();
}

async function lostBelow(reference: string, target: RegistryClient): Promise<string[]> {
  const { repository: whole, tag } = splitPlacement(reference);
  const repository = whole.slice(target.host.length + 1);
  const found = await target.getManifest(repository, tag);
  if (found === undefined) return [`${reference} is gone`];
  const { manifest } = makeDocument(found.descriptor, found.bytes);
  const children = await Promise.all(
    references(manifest).map(async ({ digest, platform }) => {
      const isThere = (await target.headManifest(repository, digest)) !== undefined;
      if (isThere) return [];
      const what = platform ? `${platform.os}/${platform.architecture}` : 'a manifest';
      return [`${reference}: ${what} below it is gone (${digest})`];
    }),
  );
  return children.flat();
}
