import pMap from 'p-map';
import type { ImageGraph } from '../oci/graph.ts';
import { isLeaf } from '../oci/graph.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { PlaceFound } from './heads.ts';
import { blobsOf } from './units.ts';
import type { KnownImage } from './work.ts';

/**
 * Takes a placement for missing where its tag resolves, but a manifest below it or a blob is not in its repository, as
 * a registry may have lost it, or a collection taken it.
 * @param images with their manifests
 */
export function doubtIncomplete(
  images: readonly KnownImage[],
  target: RegistryClient,
): Promise<KnownImage[]> {
  const doubted = async (known: KnownImage) => {
    const { graph } = known;
    if (graph === undefined) return known;
    return {
      ...known,
      places: await Promise.all(known.places.map((one) => doubt(one, graph, target))),
    };
  };
  return pMap(images, doubted, { concurrency: 16 });
}

async function doubt(
  one: PlaceFound,
  graph: ImageGraph,
  target: RegistryClient,
): Promise<PlaceFound> {
  if (one.found.state !== 'there') return one;
  const isWhole = await isComplete(graph, one.place.repository, target);
  return isWhole ? one : { place: one.place, found: { state: 'missing' } };
}

async function isComplete(graph: ImageGraph, repository: string, target: RegistryClient) {
  const documents = [...graph.documents.values()];
  const heads = [
    ...documents.map(async ({ descriptor: { digest } }) => {
      return (await target.headManifest(repository, digest))?.digest === digest;
    }),
    ...blobsOf(documents.filter(isLeaf)).map(async ({ digest, size }) => {
      return (await target.headBlob(repository, digest)) === size;
    }),
  ];
  return (await Promise.all(heads)).every((isThere) => isThere);
}
