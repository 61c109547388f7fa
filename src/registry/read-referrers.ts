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
  readonly referrers: readonly Referrer[];
  /** Whether the repository has the referrers API. */
  readonly hasApi: boolean;
}

/**
 * What is attached to a manifest at its source: by the referrers API, or where there is none by the index of the tag
 * scheme, and under cosign's tags. Four requests, one more to learn that there is no API.
 * @param hasApi false where that is known already
 * @throws AirgapError transient; usage for a list that is none
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
  const [listed, ...tagged] = await Promise.all([
    hasApi ? client.listReferrers(repository, subject) : undefined,
    ...tags,
  ]);
  const others = listed ?? (await listedByTag(source, subject, cache));
  return {
    referrers: [...tagged.flat(), ...others.map((descriptor) => ({ descriptor }))],
    hasApi: listed !== undefined,
  };
}

async function listedByTag(
  { client, repository }: ImageSource,
  subject: Digest,
  cache: ContentCache,
): Promise<readonly Descriptor[]> {
  const found = await unlessHidden(client.headManifest(repository, referrersTag(subject)));
  if (!found || !isIndex(found.mediaType)) return [];
  const fetch = async () => (await client.getManifest(repository, found.digest))?.bytes ?? empty;
  const bytes = await unlessHidden(cache.get(found.digest, fetch));
  if (!bytes || bytes.length === 0) return [];
  return references(parseManifest(bytes, found.mediaType));
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
