import pMap from 'p-map';
import type { Digest } from '../oci/digest.ts';
import { isPullThrough, splitPlacement } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';
import { AirgapError, failuresIn } from '../report/error.ts';
import type { PlacementResult, TransferImage, TransferResult } from './job.ts';

/** One placement as the target's API names it. */
export interface Place {
  readonly reference: string;
  readonly repository: string;
  readonly tag: string;
}

/** What a HEAD of a placement says; `existing` is another digest that its tag has now. */
export type Found = PlacementResult | { readonly state: 'missing'; readonly existing?: Digest };

export interface PlaceFound {
  readonly place: Place;
  readonly found: Found;
}

/** Asks the target for every placement of every image, with HEADs alone; in the order of the images. */
export function headPlacements(job: HeadJob): Promise<ImageFound[]> {
  return pMap(
    job.images,
    async (image) => ({
      image,
      places: await Promise.all(
        image.placements.map(async (reference) => {
          const place = readPlace(reference, job.target.host);
          return { place, found: await headPlacement(place, image.digest, job) };
        }),
      ),
    }),
    { concurrency: 64 },
  );
}

export interface ImageFound {
  readonly image: TransferImage;
  readonly places: readonly PlaceFound[];
}

export interface HeadJob {
  readonly images: readonly TransferImage[];
  readonly target: RegistryClient;
  /** `host/path`: these stand for other registries; what they serve is proved, never written. */
  readonly pullThrough: readonly string[];
}

/** Only looks: which placements resolve to their digest. What is missing has failed. For light bundles. */
export async function targetHeads(job: HeadJob): Promise<TransferResult> {
  return headResult(await headPlacements(job));
}

/** What is missing has failed. */
export function headResult(found: readonly ImageFound[]): TransferResult {
  const images = found.map(({ image: { source, digest }, places }) => ({
    source,
    digest,
    placements: places.map((place) => missingHasFailed(place, digest)),
  }));
  return { images, bytesSent: 0 };
}

async function headPlacement(place: Place, digest: Digest, job: HeadJob): Promise<Found> {
  const { reference, repository, tag } = place;
  try {
    const existing = (await job.target.headManifest(repository, tag))?.digest;
    const through = isPullThrough(`${job.target.host}/${repository}`, job.pullThrough);
    if (existing === digest) return { reference, state: through ? 'proved' : 'there' };
    if (through) return failed(reference, notServed(reference, digest, existing));
    return { state: 'missing', ...(existing && { existing }) };
  } catch (error) {
    return failed(reference, error);
  }
}

/** A failed placement. @throws what is no failure that a user can meet: a bug or an abort */
export function failed(reference: string, thrown: unknown): PlacementResult {
  const [error] = failuresIn(thrown);
  if (error === undefined) throw thrown;
  return { reference, state: 'failed', error };
}

/** @throws Error when the plan gave something that is not in the target */
function readPlace(reference: string, host: string): Place {
  const { repository, tag } = splitPlacement(reference);
  if (!repository.startsWith(`${host}/`))
    throw new Error(`not a placement in ${host}: ${reference}`);
  return { reference, repository: repository.slice(host.length + 1), tag };
}

function missingHasFailed({ place, found }: PlaceFound, digest: Digest): PlacementResult {
  if (found.state !== 'missing') return found;
  const { reference } = place;
  const next =
    'run `airgap-bundle mirror` for this target first, or make the bundle with its images';
  const error = found.existing
    ? new AirgapError('refused', `${reference} leads to another digest`, {
        given: found.existing,
        expected: digest,
        next,
      })
    : new AirgapError('refused', `the target does not have ${reference}`, {
        given: 'no such tag',
        next,
      });
  return failed(reference, error);
}

function notServed(reference: string, expected: Digest, existing?: Digest): AirgapError {
  const errorClass = existing === undefined ? 'refused' : 'integrity';
  return new AirgapError(errorClass, `the pull-through cache does not serve ${reference}`, {
    given: existing ?? 'not found',
    expected,
    next: 'check what the cache stands for, or take its path out of pullThrough',
  });
}
