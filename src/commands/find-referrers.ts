import pMap from 'p-map';
import type { Context } from '../context.ts';
import type { Digest } from '../oci/digest.ts';
import { childrenFirst, type ImageGraph } from '../oci/graph.ts';
import { travels } from '../plan/blobs.ts';
import { repositoryOf } from '../plan/placements.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { originalDigestAnnotation } from '../plan/platforms.ts';
import type { Attached, ImageReferrers } from '../plan/referrers.ts';
import { projectOf } from '../plan/repositories.ts';
import { onceEach } from '../registry/once.ts';
import { type ImageSource, readDescribed } from '../registry/read-image.ts';
import { type Referrer, readReferrers } from '../registry/read-referrers.ts';
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
}

interface Asker {
  sourceOf(image: PlannedImage): { readonly source: ImageSource; readonly name: string };
  /** Each subject of a repository once. */
  list(question: Question): Promise<readonly Referrer[]>;
  read(source: ImageSource, descriptor: ImageGraph['root']): Promise<ImageGraph>;
}

function asker({ registries, cache }: Pick<Sources, 'registries' | 'cache'>): Asker {
  // A host may stand for registries of several kinds: they differ in the first part of the path.
  const withoutApi = new Set<string>();
  const placeOf = ({ client, repository }: ImageSource) =>
    `${client.host}/${projectOf(repository)}`;
  return {
    sourceOf: ({ reference }) => ({
      source: registries.source(reference),
      name: repositoryOf(reference),
    }),
    list: onceEach(
      ({ name, subject }) => `${name}@${subject}`,
      async ({ source, subject }) => {
        const place = placeOf(source);
        const found = await readReferrers(source, subject, cache, !withoutApi.has(place));
        if (!found.hasApi) withoutApi.add(place);
        return found.referrers;
      },
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
  const at = ask.sourceOf(image);
  const hasAny = originalDigest
    ? await unfitting(originalDigest, at, ask, found)
    : await follow(digest, at, ask, found, 1);
  // Whoever signs manifests signs the index over them: where nothing hangs on it, nobody asks for each of them.
  if (hasAny) await Promise.all(subjectsIn(image).map((one) => follow(one, at, ask, found, 1)));
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

type At = Omit<Question, 'subject'>;

/** What is attached to an index that does not travel as it was. @returns whether anything is */
async function unfitting(subject: Digest, at: At, ask: Asker, found: Found): Promise<boolean> {
  const referrers = await list({ ...at, subject }, ask, found);
  for (const { descriptor, tag } of referrers) {
    const what = tag ?? `${descriptor.digest} (${descriptor.artifactType ?? descriptor.mediaType})`;
    found.lost.push(`${what} is for the index ${subject}, which the platform filter has changed`);
  }
  return referrers.length > 0;
}

/** Reads what is attached to a manifest, and to that in turn. @returns whether anything is */
async function follow(
  subject: Digest,
  at: At,
  ask: Asker,
  found: Found,
  depth: number,
): Promise<boolean> {
  if (!found.isNew(subject)) return false;
  const referrers = await list({ ...at, subject }, ask, found);
  const room = depth > deepest ? 0 : Math.min(most.ofSubject, most.ofImage - found.attached.length);
  const kept = referrers.slice(0, Math.max(room, 0));
  if (kept.length < referrers.length)
    found.lost.push(
      `${referrers.length - kept.length} of ${referrers.length} that are attached to ${subject}, ${depth} deep`,
    );
  await Promise.all(
    kept.map(async ({ descriptor, tag }) => {
      const graph = await read(descriptor, tag, at, ask, found);
      if (!graph) return;
      found.attached.push({ subject, graph, ...(tag ? { tag } : {}) });
      await follow(graph.root.digest, at, ask, found, depth + 1);
    }),
  );
  return referrers.length > 0;
}

async function list(question: Question, ask: Asker, found: Found): Promise<readonly Referrer[]> {
  try {
    return await ask.list(question);
  } catch (error) {
    const why = lossOf(error);
    found.lost.push(`the list of what is attached to ${question.subject} is none: ${why}`);
    return [];
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
export function lossOf(error: unknown): string {
  if (!(error instanceof AirgapError) || error.class === 'transient') throw error;
  return error.given ? `${error.message} (${error.given})` : error.message;
}

/** Whoever answered first: the plan must not hang on it. */
export function inOrder(attached: readonly Attached[]): Attached[] {
  const name = ({ subject, graph, tag = '' }: Attached) => `${tag} ${subject} ${graph.root.digest}`;
  return attached.toSorted((one, other) => (name(one) < name(other) ? -1 : 1));
}
