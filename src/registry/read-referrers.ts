import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest, references } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';
import { cosignTags, referrersTag } from '../oci/referrers.ts';
import { AirgapError } from '../report/error.ts';
import type { ContentCache } from './content-cache.ts';
import type { ImageSource } from './read-image.ts';

/** Something that is attached to a manifest. */
export interface Referrer {
  readonly descriptor: Descriptor;
  /** Of cosign's tags the one that it has. */
  readonly tag?: string;
}

export interface Referrers {
  /** Those with a tag of cosign's first, in its order, then the others by their digests. */
  readonly referrers: readonly Referrer[];
  /** What could not be read of the list, in words. */
  readonly lost: readonly string[];
  /** Whether the repository has the referrers API. */
  readonly hasApi: boolean;
}

/**
 * What is attached to a manifest at its source: by the referrers API, or where there is none by the index of the tag
 * scheme, and under cosign's tags. Four requests, one more to learn that there is no API.
 * @param hasApi false where that is known already
 * @throws AirgapError transient
 */
export async function readReferrers(
  source: ImageSource,
  subject: Digest,
  cache: ContentCache,
  hasApi = true,
): Promise<Referrers> {
  const { client, repository } = source;
  const tags = cosignTags(subject).map(async (tag) => {
    const descriptor = await unlessHidden(client.headManifest(repository, tag));
    return descriptor ? [{ descriptor, tag }] : [];
  });
  const [answer, ...found] = await Promise.all([
    hasApi ? client.listReferrers(repository, subject) : undefined,
    ...tags,
  ]);
  const { referrers, failure } =
    answer && 'referrers' in answer
      ? { ...answer, failure: undefined }
      : await byTag(source, subject, cache);
  const tagged = found.flat();
  const known = new Set(tagged.map(({ descriptor }) => descriptor.digest));
  const others = referrers
    .filter(({ digest }) => !known.has(digest))
    .toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
  const why = [answer && 'failure' in answer ? answer.failure : undefined, failure];
  return {
    referrers: [...tagged, ...others.map((descriptor) => ({ descriptor }))],
    lost: why.flatMap((one) =>
      one && one.class !== 'authentication' ? [lostWords(subject, one)] : [],
    ),
    hasApi: answer !== undefined,
  };
}

function lostWords(subject: Digest, { message, given }: AirgapError): string {
  const why = given ? `${message} (${given})` : message;
  return `the list of what is attached to ${subject} is none: ${why}`;
}

async function byTag(
  { client, repository }: ImageSource,
  subject: Digest,
  cache: ContentCache,
): Promise<{ readonly referrers: readonly Descriptor[]; readonly failure?: AirgapError }> {
  const none = { referrers: [] };
  const found = await unlessHidden(client.headManifest(repository, referrersTag(subject)));
  if (!found || !isIndex(found.mediaType)) return none;
  const fetch = async () => (await client.getManifest(repository, found.digest))?.bytes ?? empty;
  try {
    const bytes = await cache.get(found.digest, fetch);
    if (!bytes || bytes.length === 0) return none;
    return { referrers: references(parseManifest(bytes, found.mediaType)) };
  } catch (error) {
    if (!(error instanceof AirgapError) || error.class === 'transient') throw error;
    return { referrers: [], failure: error };
  }
}

const empty = Buffer.alloc(0);

/** Registries hide what is not there behind refusals, or know no such tag. */
async function unlessHidden<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AirgapError && error.class !== 'transient') return undefined;
    throw error;
  }
}
