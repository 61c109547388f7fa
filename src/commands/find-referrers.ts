import pMap from 'p-map';
import type { Context } from '../context.ts';
import type { Digest } from '../oci/digest.ts';
import { childrenFirst, type ManifestDocument } from '../oci/graph.ts';
import { travels } from '../plan/blobs.ts';
import { repositoryOf } from '../plan/placements.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { originalDigestAnnotation } from '../plan/platforms.ts';
import type { ImageReferrers } from '../plan/referrers.ts';
import { projectOf } from '../plan/repositories.ts';
import { onceEach } from '../registry/once.ts';
import type { ImageSource } from '../registry/read-image.ts';
import { readReferrers } from '../registry/read-referrers.ts';
import { AirgapError, Failures } from '../report/error.ts';
import { inOrder, type ListReferrers, ReferrerWalk } from './referrer-walk.ts';
import type { Sources } from './resolve-images.ts';

/**
 * Asks the sources what is attached to the images that travel: to an image, to each of its manifests, and to what is
 * found there. What cannot be read is lost, and told; so is what is attached to an index that a filter has changed.
 * @throws Failures for registries that could not be asked
 */
export async function findReferrers(
  images: readonly PlannedImage[],
  pullThrough: readonly string[],
  sources: ReferrerSources & { readonly list: ListReferrers },
  context: Context,
): Promise<ImageReferrers[]> {
  const wanted = images.filter(({ entry }) => travels({ target: { pullThrough } }, entry));
  const failures: AirgapError[] = [];
  const found = await pMap(
    wanted,
    async (image) => {
      try {
        return await attachedTo(image, sources, sources.list);
      } catch (error) {
        if (!(error instanceof AirgapError)) throw error;
        failures.push(unasked(image, error));
        return undefined;
      }
    },
    { concurrency: 32, signal: context.signal },
  );
  if (failures.length === 0) return found.flatMap((one) => one ?? []);
  const what = `what is attached to ${failures.length} of ${wanted.length} images`;
  throw new Failures(`${what} could not be asked for`, failures);
}

function unasked({ entry: { source } }: PlannedImage, failure: AirgapError): AirgapError {
  const message = `what is attached to ${source}: ${failure.message}`;
  const next = 'run again, or leave it out: referrers: false';
  const { given, expected } = failure;
  return new AirgapError(failure.class, message, { given, expected, next, cause: failure });
}

/** What of the sources referrers are read from. */
export type ReferrerSources = Pick<Sources, 'registries' | 'cache'>;

/** Asks the sources, for each subject of a repository once. */
export function lister({ cache }: Pick<Sources, 'cache'>): ListReferrers {
  // A host may stand for registries of several kinds: they differ in the first part of the path.
  const withoutApi = new Set<string>();
  const placeOf = ({ client, repository }: ImageSource) =>
    `${client.host}/${projectOf(repository)}`;
  return onceEach(
    ({ name, subject }) => `${name}@${subject}`,
    async ({ source, subject }) => {
      const place = placeOf(source);
      const found = await readReferrers(source, subject, cache, !withoutApi.has(place));
      if (!found.hasApi) withoutApi.add(place);
      return found;
    },
  );
}

async function attachedTo(
  image: PlannedImage,
  { registries, cache }: ReferrerSources,
  list: ListReferrers,
): Promise<ImageReferrers> {
  const { digest, originalDigest } = image.entry;
  const source = registries.source(image.reference);
  const walk = new ReferrerWalk({ source, name: repositoryOf(image.reference), list, cache });
  const documents = childrenFirst(image.graph).filter((one) => !isMade(one, originalDigest));
  const hasOriginal = originalDigest ? await walk.lose(originalDigest, changed) : false;
  const isWhole = documents.some(({ descriptor }) => descriptor.digest === digest);
  const hasAny = (isWhole && (await walk.follow(digest))) || hasOriginal;
  // Whoever signs manifests signs the index over them: where nothing hangs on it, nobody asks for each of them.
  if (hasAny) await Promise.all(subjectsIn(documents).map((one) => walk.follow(one)));
  return { image, attached: inOrder(walk.attached), lost: walk.lost.toSorted() };
}

const changed = 'an index that the platform filter has changed';

/** By the platform filter out of this one: no source has it. */
function isMade({ manifest }: ManifestDocument, original: Digest | undefined): boolean {
  return original !== undefined && manifest.annotations?.[originalDigestAnnotation] === original;
}

/** But for attestations that stand in an index. */
function subjectsIn(documents: readonly ManifestDocument[]): Digest[] {
  return documents
    .filter(({ platform }) => platform?.os !== 'unknown')
    .map(({ descriptor }) => descriptor.digest);
}
