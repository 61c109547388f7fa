import pMap from 'p-map';
import type { Context } from '../context.ts';
import type { Digest } from '../oci/digest.ts';
import { childrenFirst, type ImageGraph } from '../oci/graph.ts';
import { travels } from '../plan/blobs.ts';
import { groupBy } from '../plan/group-by.ts';
import type { Inventory, InventoryImage } from '../plan/inventory.ts';
import { ownTag, sourceRepository } from '../plan/place-referrers.ts';
import { repositoryOf } from '../plan/placements.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { originalDigestAnnotation } from '../plan/platforms.ts';
import type { Attached, ImageReferrers } from '../plan/referrers.ts';
import { splitPlacement } from '../plan/repositories.ts';
import { onceEach } from '../registry/once.ts';
import { type ImageSource, readDescribed } from '../registry/read-image.ts';
import { type Referrers, readReferrers } from '../registry/read-referrers.ts';
import { AirgapError, Failures } from '../report/error.ts';
import type { Sources } from './resolve-images.ts';

/** Signatures of attestations of an SBOM of an image: whoever goes deeper is not followed. */
const deepest = 3;
/** Attached to one manifest, and to all of an image. */
const most = { ofSubject: 64, ofImage: 1000 };

/**
 * Asks the sources what is attached to the images that travel: to an image, to each of its manifests, and to what is
 * found there. What cannot be read is lost, and told; so is what is attached to an index that a filter has changed.
 * @throws Failures for registries that could not be asked
 */
export async function findReferrers(
  images: readonly PlannedImage[],
  pullThrough: readonly string[],
  sources: Pick<Sources, 'registries' | 'cache'>,
  context: Context,
): Promise<ImageReferrers[]> {
  const wanted = images.filter(({ entry }) => travels({ target: { pullThrough } }, entry));
  const ask = asker(sources);
  const failures: AirgapError[] = [];
  const found = await pMap(
    wanted,
    async (image) => {
      try {
        return await attachedTo(image, ask);
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

interface Question {
  readonly source: ImageSource;
  readonly name: string;
  readonly subject: Digest;
  readonly hasApi: boolean;
}

interface Asker {
  sourceOf(image: PlannedImage): { readonly source: ImageSource; readonly name: string };
  /** Each subject of a repository once. */
  list(question: Question): Promise<Referrers>;
  read(source: ImageSource, descriptor: ImageGraph['root']): Promise<ImageGraph>;
}

function asker({ registries, cache }: Pick<Sources, 'registries' | 'cache'>): Asker {
  return {
    sourceOf: ({ reference }) => ({
      source: registries.source(reference),
      name: repositoryOf(reference),
    }),
    list: onceEach(
      ({ name, subject }) => `${name}@${subject}`,
      ({ source, subject, hasApi }) => readReferrers(source, subject, cache, hasApi),
    ),
    read: (source, descriptor) => readDescribed(source, descriptor, cache),
  };
}

/** What has been found of one image so far. */
class Found {
  readonly attached: Attached[] = [];
  readonly lost: string[] = [];
  readonly #asked = new Set<Digest>();

  /** Whether nobody has come here before: what is attached in a circle is followed once. */
  isNew(subject: Digest): boolean {
    if (this.#asked.has(subject)) return false;
    this.#asked.add(subject);
    return true;
  }
}

async function attachedTo(image: PlannedImage, ask: Asker): Promise<ImageReferrers> {
  const found = new Found();
  const { digest, originalDigest } = image.entry;
  const at = { ...ask.sourceOf(image), image };
  // The source's own digest first: it tells whether there is an API to ask for the others.
  const { hasApi } = originalDigest
    ? await unfitting(originalDigest, at, ask, found)
    : await follow(digest, { ...at, hasApi: true }, ask, found, 1);
  const others = subjectsIn(image);
  await Promise.all(others.map((one) => follow(one, { ...at, hasApi }, ask, found, 1)));
  return { image, attached: inOrder(found.attached), lost: found.lost.toSorted() };
}

/** The image and its manifests, but for an index that the filter has made, and attestations that stand in an index. */
function subjectsIn({ graph }: PlannedImage): Digest[] {
  return childrenFirst(graph)
    .filter(({ manifest, platform }) => {
      const isMade = manifest.annotations?.[originalDigestAnnotation] !== undefined;
      return !isMade && platform?.os !== 'unknown';
    })
    .map(({ descriptor }) => descriptor.digest);
}

type At = Omit<Question, 'subject'> & { readonly image: PlannedImage };

/** What is attached to an index that does not travel as it was. */
async function unfitting(
  subject: Digest,
  at: Omit<At, 'hasApi'>,
  ask: Asker,
  found: Found,
): Promise<{ hasApi: boolean }> {
  const { referrers, hasApi } = await list({ ...at, subject, hasApi: true }, ask, found);
  for (const { descriptor, tag } of referrers) {
    const what = tag ?? `${descriptor.digest} (${descriptor.artifactType ?? descriptor.mediaType})`;
    found.lost.push(`${what} is for the index ${subject}, which the platform filter has changed`);
  }
  return { hasApi };
}

async function follow(
  subject: Digest,
  at: At,
  ask: Asker,
  found: Found,
  depth: number,
): Promise<{ hasApi: boolean }> {
  if (!found.isNew(subject)) return at;
  const { referrers, hasApi } = await list({ ...at, subject }, ask, found);
  if (depth > deepest) {
    for (const { descriptor, tag } of referrers)
      found.lost.push(`${tag ?? descriptor.digest} is attached ${depth} levels deep`);
    return { hasApi };
  }
  const room = Math.min(most.ofSubject, most.ofImage - found.attached.length);
  if (referrers.length > room)
    found.lost.push(
      `${referrers.length - room} of ${referrers.length} that are attached to ${subject}`,
    );
  await Promise.all(
    referrers.slice(0, Math.max(room, 0)).map(async ({ descriptor, tag }) => {
      const graph = await read(descriptor, tag, at, ask, found);
      if (!graph) return;
      found.attached.push({ subject, graph, ...(tag ? { tag } : {}) });
      await follow(graph.root.digest, { ...at, hasApi }, ask, found, depth + 1);
    }),
  );
  return { hasApi };
}

async function list(question: Question, ask: Asker, found: Found): Promise<Referrers> {
  try {
    return await ask.list(question);
  } catch (error) {
    const why = lossOf(error);
    found.lost.push(`the list of what is attached to ${question.subject} is none: ${why}`);
    return { referrers: [], hasApi: false };
  }
}

async function read(
  descriptor: ImageGraph['root'],
  tag: string | undefined,
  { source }: At,
  ask: Asker,
  found: Found,
): Promise<ImageGraph | undefined> {
  try {
    return await ask.read(source, descriptor);
  } catch (error) {
    found.lost.push(`${tag ?? descriptor.digest} cannot be read: ${lossOf(error)}`);
    return undefined;
  }
}

/** Why something is lost. @throws what may pass, and bugs */
function lossOf(error: unknown): string {
  if (!(error instanceof AirgapError) || error.class === 'transient') throw error;
  return error.given ? `${error.message} (${error.given})` : error.message;
}

/** Whoever answered first: the plan must not hang on it. */
function inOrder(attached: readonly Attached[]): Attached[] {
  const name = ({ subject, graph, tag = '' }: Attached) => `${tag} ${subject} ${graph.root.digest}`;
  return attached.toSorted((one, other) => (name(one) < name(other) ? -1 : 1));
}

/**
 * What a saved plan says is attached, each by its digest: the sources are not asked for what is attached now.
 * What is not there any more is left out, so that the plan made of the rest is another than the saved one.
 * @throws AirgapError transient
 */
export async function savedReferrers(
  images: readonly PlannedImage[],
  saved: Inventory,
  { registries, cache }: Pick<Sources, 'registries' | 'cache'>,
): Promise<ImageReferrers[]> {
  const entries = saved.images.filter(({ referrer }) => referrer);
  const of = groupBy(entries, ({ source }) => sourceRepository(source));
  return pMap(
    images,
    async (image) => {
      const found = new Found();
      const source = registries.source(image.reference);
      for (const entry of of.get(repositoryOf(image.reference)) ?? []) {
        const { subject, images: digests = [] } = entry.referrer ?? {};
        if (!subject || !digests.includes(image.entry.digest)) continue;
        const graph = await readDescribed(source, entry, cache).catch(
          (error) => void lossOf(error),
        );
        const tags = cosignTagsOf(entry);
        for (const one of tags.length === 0 ? [{}] : tags.map((tag) => ({ tag })))
          if (graph) found.attached.push({ subject, graph, ...one });
      }
      return { image, attached: inOrder(found.attached), lost: [] };
    },
    { concurrency: 32 },
  );
}

function cosignTagsOf({ digest, placements }: InventoryImage): string[] {
  const tags = new Set(placements.map(({ reference }) => splitPlacement(reference).tag));
  tags.delete(ownTag(digest));
  return [...tags];
}
