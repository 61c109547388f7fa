import type { Context } from '../context.ts';
import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import { type ImageGraph, leavesOf, type ManifestDocument } from '../oci/graph.ts';
import { itself, onceEach } from '../registry/once.ts';
import { inTurn, listAttached } from './attaching.ts';
import { type Brought, bring, bringAgain } from './bringing.ts';
import type { PlaceFound } from './heads.ts';
import type { TransferImage, TransferJob } from './job.ts';
import type { Oras } from './oras.ts';
import { TransferProgress } from './progress.ts';
import { Refusals } from './refusals.ts';
import { type HeldBlobs, heldBlobs } from './small-blobs.ts';
import { BlobTurns } from './turns.ts';
import { blobsOf, type CopyUnit, unitsOf } from './units.ts';

/** An image, what the target said of its placements, and its manifests where they could be read. */
export interface KnownImage {
  readonly image: TransferImage;
  readonly places: readonly PlaceFound[];
  readonly graph?: ImageGraph;
}

/** A manifest that is put by its digest. */
export interface Child {
  readonly repository: string;
  readonly document: ManifestDocument;
}

/** What the steps of one transfer share. */
export interface Work {
  readonly job: TransferJob;
  readonly context: Context;
  readonly oras: Oras;
  readonly turns: BlobTurns;
  readonly progress: TransferProgress;
  /** Brings the blobs of a unit (by its key), once. */
  bring(key: string): Promise<Brought>;
  /** Brings them without believing what the repository said to have, once. */
  bringAgain(key: string): Promise<Brought>;
  /** Learns by `push` whether the target accepts pushes into a repository, unless that is known: once. */
  firstPush(first: { repository: string; push(): Promise<void> }): Promise<void>;
  readonly refusals: Refusals;
  /** Puts a manifest by its digest, once a repository. */
  putChild(child: Child): Promise<void>;
  /** Lists of what is attached to a manifest are written one change at a time. */
  readonly attaching: ReturnType<typeof inTurn>;
  readonly held: HeldBlobs;
  /** Counts what was uploaded. */
  sent(blobs: readonly Descriptor[]): void;
  bytesSent(): number;
}

/** Takes every unit's place in the queues of its blobs, in order, before anything moves. */
export function startWork(
  job: TransferJob,
  images: readonly KnownImage[],
  oras: Oras,
  context: Context,
): Work {
  const progress = new TransferProgress(absentBlobs(images), images.length, context.emit);
  const turns = new BlobTurns((blob) => progress.arrived(blob));
  rememberHomes(images, turns);
  const units = unitsInOrder(images, job);
  const queued = new Map(
    [...units.values()].map((unit) => [unit.key, { unit, places: turns.join(unit.blobs) }]),
  );
  const unitOf = (key: string) => {
    const found = queued.get(key);
    if (found === undefined) throw new Error(`no such unit: ${key}`);
    return found;
  };
  let bytesSent = 0;
  const work: Work = {
    job,
    context,
    oras,
    turns,
    progress,
    bring: onceEach(itself, async (key) => {
      const { unit, places } = unitOf(key);
      return bring(unit, places, work);
    }),
    bringAgain: onceEach(itself, async (key) => bringAgain(unitOf(key).unit, work)),
    firstPush: onceEach(
      ({ repository }) => repository,
      async ({ repository, push }) => {
        // A mount that was let in has shown it already.
        if (!turns.takesPushes(repository)) await push();
      },
    ),
    refusals: new Refusals(),
    putChild: onceEach(
      ({ repository, document }) => `${repository}@${document.descriptor.digest}`,
      (child) => putChild(child, work),
    ),
    attaching: inTurn(),
    held: heldBlobs(),
    sent: (blobs) => {
      bytesSent += totalSize(blobs);
    },
    bytesSent: () => bytesSent,
  };
  return work;
}

/** Where the registry does not list what is attached to a manifest, we do. */
export async function putChild(
  { repository, document }: Child,
  { job: { target }, attaching }: Pick<Work, 'job' | 'attaching'>,
): Promise<void> {
  const { descriptor, bytes, manifest } = document;
  const { digest, mediaType } = descriptor;
  const { knowsSubject } = await target.putManifest(repository, digest, mediaType, bytes);
  const { subject } = manifest;
  if (subject === undefined || knowsSubject) return;
  await attaching(`${repository}@${subject.digest}`, () =>
    listAttached(target, repository, subject.digest, document),
  );
}

export function isIncomplete({ places }: KnownImage): boolean {
  return places.some(({ found }) => found.state === 'missing');
}

export function blobsOfImages(images: readonly KnownImage[]): Descriptor[] {
  return blobsOf(images.flatMap(({ graph }) => (graph ? leavesOf(graph) : [])));
}

/** The repositories of the placements that are missing, each once, in order. */
export function repositoriesOf(images: readonly KnownImage[]): string[] {
  const missing = images
    .flatMap(({ places }) => places)
    .filter(({ found }) => found.state === 'missing');
  return [...new Set(missing.map(({ place }) => place.repository))];
}

function unitsInOrder(
  images: readonly KnownImage[],
  { origin }: TransferJob,
): Map<string, CopyUnit> {
  const units = images.flatMap((known) => {
    const { image, graph } = known;
    if (graph === undefined) return [];
    return repositoriesOf([known]).flatMap((to) => unitsOf(image, graph, to, origin.kind));
  });
  const firsts = new Map<string, CopyUnit>();
  for (const unit of units) if (!firsts.has(unit.key)) firsts.set(unit.key, unit);
  return firsts;
}

/** Images that are there have their blobs, most likely: those can be mounted. */
function rememberHomes(images: readonly KnownImage[], turns: BlobTurns): void {
  for (const known of images) {
    const homes = known.places.filter(({ found }) => found.state === 'there');
    for (const blob of blobsOfImages([known]))
      for (const { place } of homes) turns.believed(blob, place.repository);
  }
}

/** What no image of the target is known to have. */
function absentBlobs(images: readonly KnownImage[]): Descriptor[] {
  const isThere = ({ places }: KnownImage) => places.some(({ found }) => found.state === 'there');
  const present = new Set(blobsOfImages(images.filter(isThere)).map(({ digest }) => digest));
  return blobsOfImages(images.filter(isIncomplete)).filter(({ digest }) => !present.has(digest));
}
