import {
  childrenFirst,
  type ImageGraph,
  isIndexDocument,
  type ManifestDocument,
} from '../oci/graph.ts';
import { AirgapError } from '../report/error.ts';
import { failed, type PlaceFound } from './heads.ts';
import type { PlacementResult, TransferImage } from './job.ts';
import { unitsOf } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/** A placement to be made: its image's manifests, and the HEAD that found it missing. */
export interface Placing extends PlaceFound {
  readonly image: TransferImage;
  readonly graph: ImageGraph;
}

/** Blobs, then children, then parents, the tag last; then reads the tag back. */
export async function place(placing: Placing, work: Work): Promise<PlacementResult> {
  const { image, graph, place } = placing;
  const { reference, repository } = place;
  try {
    const units = unitsOf(image, graph, repository, work.job.origin.kind);
    const brought = await settleAll(units.map(({ key }) => work.bring(key)));
    const already = new Set(brought.flatMap(({ documents }) => documents));
    const children = childrenFirst(graph).filter(
      ({ descriptor: { digest } }) => digest !== graph.root.digest && !already.has(digest),
    );
    await putChildren(children, repository, work);
    await putTag(placing, work);
    await readBack(placing, work);
    return { reference, state: brought.some(({ uploaded }) => uploaded) ? 'copied' : 'placed' };
  } catch (error) {
    return failed(reference, error);
  }
}

async function putChildren(
  children: readonly ManifestDocument[],
  repository: string,
  work: Work,
): Promise<void> {
  const put = (document: ManifestDocument) => work.putChild({ repository, document });
  await settleAll(children.filter((child) => !isIndexDocument(child)).map(put));
  for (const index of children.filter(isIndexDocument)) await put(index);
}

async function putTag({ graph, place, found }: Placing, { job }: Work): Promise<void> {
  const document = graph.documents.get(graph.root.digest);
  if (document === undefined) throw new Error('an image graph holds its root');
  const { mediaType, digest } = document.descriptor;
  try {
    await job.target.putManifest(place.repository, place.tag, mediaType, document.bytes);
  } catch (error) {
    const existing = found.state === 'missing' ? found.existing : undefined;
    const refused = error instanceof AirgapError && error.class === 'refused';
    if (!refused || existing === undefined) throw error;
    throw new AirgapError('refused', `the target does not let ${place.reference} move`, {
      given: `it resolves to ${existing}; the registry said: ${error.given ?? error.message}`,
      expected: digest,
      next: 'give the image a new tag, or allow the target to overwrite this one',
      cause: error,
    });
  }
}

async function readBack({ graph, place }: Placing, { job }: Work): Promise<void> {
  const found = await job.target.headManifest(place.repository, place.tag);
  if (found?.digest === graph.root.digest) return;
  throw new AirgapError('integrity', `${place.reference} does not resolve to what was written`, {
    given: found?.digest ?? 'not found',
    expected: graph.root.digest,
    next: 'check whether something else writes to this tag, then run again',
  });
}
