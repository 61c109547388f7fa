import pMap from 'p-map';
import type { Context } from '../context.ts';
import type { ImageState } from '../report/events.ts';
import { findBase } from './base.ts';
import { fillBundleRepository } from './bundle-repository.ts';
import { doubtIncomplete } from './deep.ts';
import { failed, headPlacements } from './heads.ts';
import type {
  ImageResult,
  PlacementResult,
  TransferJob,
  TransferResult,
  TransferTools,
} from './job.ts';
import { openOras } from './oras.ts';
import { place } from './placing.ts';
import { warnOfPullLimits } from './pull-limits.ts';
import { readGraph } from './units.ts';
import { settleAll } from './waiting.ts';
import {
  blobsOfImages,
  isIncomplete,
  type KnownImage,
  repositoriesOf,
  startWork,
  type Work,
} from './work.ts';

/** Images at work at a time; most of them wait for a blob that an earlier one brings. */
const imagesAtOnce = 64;

/**
 * Makes every placement resolve to its image's digest, moving only what the target lacks. An image that fails
 * does not stop the others: the result lists all. Sends nothing but HEADs when nothing is missing.
 * @throws AirgapError refused where the target lacks what a delta builds on: then nothing was written
 * @throws the signal's reason when aborted, after the last child process has ended
 */
export async function transfer(
  job: TransferJob,
  tools: TransferTools,
  context: Context,
): Promise<TransferResult> {
  const images = await look(job);
  if (!images.some(isIncomplete))
    return { images: images.map((known) => ended(known, settledOf(known), context)), bytesSent: 0 };
  warnOfPullLimits(images, job, context);
  const base = await findBase(images, job);
  const oras = await openOras(tools, context);
  try {
    const work = startWork(job, images, oras, context);
    for (const { blob, repository } of base) work.turns.arrived(blob, repository);
    await fillFromLayout(images, work);
    return { images: await placeAll(images, work), bytesSent: work.bytesSent() };
  } finally {
    await oras.close();
  }
}

async function look(job: TransferJob): Promise<readonly KnownImage[]> {
  const found: readonly KnownImage[] = await headPlacements(job);
  if (job.deep) return doubtIncomplete(await readImages(found, job), job.target);
  return found.some(isIncomplete) ? readImages(found, job) : found;
}

/** Also of images that are there, since their blobs can be mounted; a manifest that is missing fails its image. */
function readImages(found: readonly KnownImage[], job: TransferJob): Promise<KnownImage[]> {
  return pMap(
    found,
    async (known) => {
      try {
        return { ...known, graph: await readGraph(known.image, job.manifest) };
      } catch (error) {
        return { ...known, places: known.places.map((one) => unreadable(one, error)) };
      }
    },
    { concurrency: 64 },
  );
}

function unreadable({ place, found }: KnownImage['places'][number], error: unknown) {
  return { place, found: found.state === 'missing' ? failed(place.reference, error) : found };
}

async function fillFromLayout(images: readonly KnownImage[], work: Work): Promise<void> {
  const { origin } = work.job;
  if (origin.kind === 'registries') return;
  await fillBundleRepository(origin, repositoriesOf(images), blobsOfImages(images), work);
}

async function placeAll(images: readonly KnownImage[], work: Work): Promise<ImageResult[]> {
  const { context } = work;
  try {
    return await pMap(images, (known) => placeImage(known, work), {
      concurrency: imagesAtOnce,
      stopOnError: false,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

async function placeImage(known: KnownImage, work: Work): Promise<ImageResult> {
  const { image, graph, places } = known;
  const results = await settleAll(
    places.map(async ({ place: at, found }) => {
      if (found.state !== 'missing') return found;
      if (graph === undefined) throw new Error('a missing placement has its manifests');
      return place({ image, graph, place: at, found }, work);
    }),
  );
  const result = ended(known, results, work.context);
  work.progress.imageDone();
  return result;
}

function settledOf({ places }: KnownImage): PlacementResult[] {
  return places.flatMap(({ found }) => (found.state === 'missing' ? [] : [found]));
}

function ended(
  { image: { source, digest } }: KnownImage,
  placements: readonly PlacementResult[],
  { emit }: Context,
): ImageResult {
  const error = placements.find((placement) => placement.error)?.error;
  const state = stateOf(placements);
  emit({ kind: 'image', image: source, state, ...(error && { detail: error.message }) });
  return { source, digest, placements };
}

function stateOf(placements: readonly PlacementResult[]): ImageState {
  const has = (state: PlacementResult['state']) => placements.some((one) => one.state === state);
  if (has('failed')) return 'failed';
  if (has('copied')) return 'copied';
  return has('placed') ? 'placed' : 'there';
}
