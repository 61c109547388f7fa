import pMap from 'p-map';
import type { Context } from '../context.ts';
import type { BundleSpec, ListedImage } from '../inputs/spec.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import type { ResolvedImage } from '../plan/plan.ts';
import { isWantedChild } from '../plan/platforms.ts';
import type { Registries } from '../registry/client.ts';
import type { ContentCache } from '../registry/content-cache.ts';
import { type ImageSource, readImage } from '../registry/read-image.ts';
import { AirgapError, Failures } from '../report/error.ts';

export interface Sources {
  readonly registries: Registries;
  readonly cache: ContentCache;
  /** Digests of a saved plan or a lock file, by image as written: these are asked for in place of the tags. */
  readonly pins: ReadonlyMap<string, Digest>;
  /** Whether tags of pinned images are asked too, to tell which have moved. */
  readonly watchesTags: boolean;
}

/**
 * Asks the source registries what every listed image is now, each reference once. An image that is not there, or
 * is none, keeps its failure and becomes an `unresolved` problem of the plan.
 * @throws Failures naming every image without an answer, when a registry could not be asked: down, no right to read
 */
export async function resolveImages(
  spec: BundleSpec,
  listed: readonly ListedImage[],
  sources: Sources,
  context: Context,
): Promise<ResolvedImage[]> {
  const resolved = await pMap(
    eachOnce(listed),
    async (image): Promise<ResolvedImage> => {
      const reference = readReference(image);
      if (reference instanceof AirgapError) return unread(image, reference);
      try {
        const found = await resolveImage(spec, image, reference, sources);
        if (found.graph) context.emit({ kind: 'image', image: image.image, state: 'resolved' });
        return found;
      } catch (error) {
        if (!(error instanceof AirgapError)) throw error;
        return { listed: image, reference, failure: error };
      }
    },
    { concurrency: 32, signal: context.signal },
  );
  const isUnasked = ({ failure }: ResolvedImage) => failure && !isAnswer(failure);
  if (!resolved.some(isUnasked)) return resolved;
  const failures = resolved.filter(({ graph }) => !graph).map(failureOf);
  throw new Failures(
    `${failures.length} of ${resolved.length} images could not be resolved`,
    failures,
  );
}

/** What holds of the image whenever it is asked for, so that it belongs into the plan; damage on the way does not. */
function isAnswer(failure: AirgapError): boolean {
  return failure.class === 'usage';
}

async function resolveImage(
  spec: BundleSpec,
  listed: ListedImage,
  reference: Reference,
  { registries, cache, pins, watchesTags }: Sources,
): Promise<ResolvedImage> {
  const source = registries.source(reference);
  const platforms = reference.digest ? [] : spec.platforms;
  const tag = reference.tag ?? (reference.digest ? undefined : 'latest');
  const held = pins.get(listed.image) ?? reference.digest;
  const asked = held ?? tag ?? '';
  const isWatched = held !== undefined && (watchesTags || !pins.has(listed.image));
  const [graph, tagged] = await Promise.all([
    readImage(source, asked, cache, (child) => isWantedChild(child, platforms)),
    isWatched && tag ? source.client.headManifest(source.repository, tag) : undefined,
  ]);
  return {
    listed,
    reference,
    ...(graph ? { graph } : { failure: notThere(source, asked, cureOf(listed, pins)) }),
    ...(isWatched && tag ? moved(tagged?.digest, held, pins.has(listed.image)) : {}),
  };
}

/** A tag that is gone means something only where the lock file was made from it. */
function moved(
  now: Digest | undefined,
  held: Digest,
  isLocked: boolean,
): Pick<ResolvedImage, 'movedTag'> {
  if (now === undefined) return isLocked ? { movedTag: 'gone' } : {};
  return now === held ? {} : { movedTag: now };
}

function cureOf({ image }: ListedImage, pins: Sources['pins']): string {
  if (!pins.has(image)) return 'correct the name or tag';
  return `the digest that it is held to is gone: follow its tag with plan --update ${image}, or plan again`;
}

function eachOnce(listed: readonly ListedImage[]): ListedImage[] {
  return [
    ...new Map(listed.toReversed().map((image) => [image.image, image])).values(),
  ].toReversed();
}

function readReference({ image }: ListedImage): Reference | AirgapError {
  try {
    return parseReference(image);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new AirgapError('usage', why, { given: image, next: 'correct the name', cause });
  }
}

/** Stands in the plan as unresolved, with what is wrong with its name. */
function unread(listed: ListedImage, failure: AirgapError): ResolvedImage {
  return { listed, reference: { registry: '', repository: '' }, failure };
}

function failureOf({ listed: { image, origin }, failure }: ResolvedImage): AirgapError {
  if (!failure) throw new Error(`${image} has neither manifests nor a failure`);
  return new AirgapError(failure.class, `${image} (${origin}): ${failure.message}`, failure);
}

/** Names the place that was asked: behind a mirror it is another than the image's name says. */
function notThere({ client, repository }: ImageSource, asked: string, next: string): AirgapError {
  const separator = isDigest(asked) ? '@' : ':';
  return new AirgapError('usage', 'its registry does not have it', {
    given: `${client.host}/${repository}${separator}${asked}`,
    next,
  });
}
