import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import { sourceFor } from './from-base.ts';
import { areOurs, sendSmall, tryPush } from './small-blobs.ts';
import type { Turn } from './turns.ts';
import type { CopyUnit } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/** What it took to get a unit's blobs into its repository. */
export interface Brought {
  /** Whether any blob was uploaded; else all were there or mounted. */
  readonly uploaded: boolean;
  /** Manifests that oras put beside its blobs. */
  readonly documents: readonly Digest[];
}

/**
 * Gets the blobs of a unit into its repository: by mounts from where they are in the target already, the rest
 * by one oras process, or by our own client where all of the rest is small or attached to another image.
 */
export async function bring(unit: CopyUnit, turns: readonly Turn[], work: Work): Promise<Brought> {
  try {
    work.context.signal.throwIfAborted();
    return await upload(await missingBlobs(unit, turns, work), unit, work);
  } finally {
    for (const turn of turns) turn.leave();
  }
}

/** As `bring`, for a repository that turned out not to have what it said: nothing is mounted or believed. */
export function bringAgain(unit: CopyUnit, work: Work): Promise<Brought> {
  for (const blob of unit.blobs) work.turns.doubted(blob, unit.repository);
  return upload(unit.blobs, unit, work);
}

async function upload(
  missing: readonly Descriptor[],
  unit: CopyUnit,
  work: Work,
): Promise<Brought> {
  if (missing.length === 0) return { uploaded: false, documents: [] };
  return work.refusals.upload(unit.repository, async () => {
    if (areOurs(missing, unit, work))
      return { uploaded: (await sendSmall(missing, unit, work)) > 0, documents: [] };
    const isFirstSent = await tryPush(missing, unit, work);
    const sent = await copy(unit, missing, work);
    return { uploaded: isFirstSent || sent.length > 0, documents: unit.documents };
  });
}

async function missingBlobs(unit: CopyUnit, turns: readonly Turn[], work: Work) {
  const arrivals = unit.blobs.map(async (blob, at) => {
    const turn = turns[at];
    if (turn === undefined) throw new Error('a unit has a turn for each of its blobs');
    return (await isThereOrMounted(blob, unit.repository, turn, work)) ? [] : [blob];
  });
  return (await settleAll(arrivals)).flat();
}

/** When false, the turn is ours until it is left: nobody else uploads this blob meanwhile. */
async function isThereOrMounted(blob: Descriptor, repository: string, turn: Turn, work: Work) {
  await turn.homeOrFirst;
  const there = await mount(blob, repository, work);
  if (!there) await turn.first;
  // What an earlier run left in the repository is not asked for here: whoever sends it does that.
  if (!there && !work.turns.isIn(blob.digest, repository)) return false;
  work.turns.arrived(blob, repository);
  turn.leave();
  return true;
}

async function mount({ digest }: Descriptor, repository: string, work: Work): Promise<boolean> {
  if (work.turns.isIn(digest, repository)) return true;
  const from = work.turns.mountSource(digest, repository);
  if (from === undefined) return false;
  const isMounted = await work.job.target.mountBlob(repository, digest, from);
  if (isMounted) work.turns.pushTaken(repository);
  else work.turns.mountRefused(from, repository);
  return isMounted;
}

/** Of an image, in oras: others want places too. */
const blobsAtOnce = 4;

/** Resolves to what was uploaded. */
async function copy(
  unit: CopyUnit,
  needed: readonly Descriptor[],
  work: Work,
): Promise<readonly Descriptor[]> {
  const { origin, target } = work.job;
  const { digest, repository, image } = unit;
  const { from, missing } =
    origin.kind === 'layout'
      ? await sourceFor(unit, needed, origin, work)
      : { from: origin.locate(image), missing: needed };
  const copying = work.progress.copying(missing, image.source);
  try {
    const to = { client: target, repository };
    const job = { digest, from, to, atOnce: blobsAtOnce, watch: copying.watch() };
    const sent = await work.oras.copy(job, missing);
    work.sent(sent);
    const put = await target.headManifest(repository, digest);
    if (put?.digest !== digest) throw notPut(unit, target.host);
    for (const blob of missing) work.turns.arrived(blob, repository);
    return sent;
  } finally {
    copying.end();
  }
}

function notPut({ repository, digest, image }: CopyUnit, host: string): AirgapError {
  return new AirgapError('integrity', `oras reported success, but ${image.source} is not there`, {
    given: `no manifest ${digest} in ${host}/${repository}`,
    next: 'check that the oras in use is the original one, then run again',
  });
}
