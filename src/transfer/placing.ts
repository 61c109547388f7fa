import { childrenFirst, type ImageGraph, isIndexDocument } from '../oci/graph.ts';
import { lacksContent } from '../registry/failures.ts';
import { AirgapError } from '../report/error.ts';
import type { Brought } from './bringing.ts';
import { failed, type PlaceFound } from './heads.ts';
import type { PlacementResult, TransferImage } from './job.ts';
import { unitsOf } from './units.ts';
import { settleAll } from './waiting.ts';
import { type Child, putChild, type Work } from './work.ts';

/** A placement to be made: its image's manifests, and the HEAD that found it missing. */
export interface Placing extends PlaceFound {
  readonly image: TransferImage;
  readonly graph: ImageGraph;
}

/** Blobs, then children, then parents, the tag last; then reads the tag back. */
export async function place(placing: Placing, work: Work): Promise<PlacementResult> {
  const { reference } = placing.place;
  try {
    const brought = await fill(placing, work.bring, work.putChild, work).catch((error) => {
      if (!(error instanceof AirgapError && lacksContent(error))) throw error;
      return fill(placing, work.bringAgain, (child) => putChild(child, work), work);
    });
    await readBack(placing, work);
    return { reference, state: brought.some(({ uploaded }) => uploaded) ? 'copied' : 'placed' };
  } catch (error) {
    return failed(reference, error);
  }
}

async function fill(
  placing: Placing,
  bring: Work['bring'],
  put: Work['putChild'],
  work: Work,
): Promise<readonly Brought[]> {
  const { image, graph, place } = placing;
  const { repository } = place;
  const units = unitsOf(image, graph, repository, work.job.origin.kind);
  const brought = await settleAll(units.map(({ key }) => bring(key)));
  const already = new Set(brought.flatMap(({ documents }) => documents));
  const children = childrenFirst(graph)
    .filter(({ descriptor: { digest }, manifest: { subject } }) => {
      // With its tag all is done: what is attached is put and listed before.
      return subject || (digest !== graph.root.digest && !already.has(digest));
    })
    .map((document) => ({ repository, document }));
  await putChildren(children, put);
  await putTag(placing, work);
  return brought;
}

async function putChildren(children: readonly Child[], put: Work['putChild']): Promise<void> {
  const [indexes, leaves] = [true, false].map((is) =>
    children.filter(({ document }) => isIndexDocument(document) === is),
  );
  await settleAll((leaves ?? []).map(put));
  for (const index of indexes ?? []) await put(index);
}

async function putTag({ graph, place, found }: Placing, { job, refusals }: Work): Promise<void> {
  const document = graph.documents.get(graph.root.digest);
  if (document === undefined) throw new Error('an image graph holds its root');
  const { mediaType, digest } = document.descriptor;
  const put = async () => {
    await job.target.putManifest(place.repository, place.tag, mediaType, document.bytes);
  };
  const existing = found.state === 'missing' ? found.existing : undefined;
  if (existing === undefined) return put();
  try {
    await refusals.moveTag(place.repository, put);
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'refused')) throw error;
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
