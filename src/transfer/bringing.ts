import type { Descriptor } from '../oci/descriptor.ts';
import { AirgapError } from '../report/error.ts';
import { sourceFor } from './from-base.ts';
import type { Turn } from './turns.ts';
import type { CopyUnit } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/**
 * What it took: `mounts` alone; an oras process that put the unit's `manifests` and found every blob there; or one
 * that uploaded `blobs` before.
 */
export type Brought = 'mounts' | 'manifests' | 'blobs';

/**
 * Gets the blobs of a unit into its repository: by mounts from where they are in the target already, the rest
 * by one oras process.
 */
export async function bring(unit: CopyUnit, turns: readonly Turn[], work: Work): Promise<Brought> {
  try {
    work.context.signal.throwIfAborted();
    const missing = await missingBlobs(unit, turns, work);
    if (missing.length === 0) return 'mounts';
    await work.checkPush(unit.repository);
    return await copy(unit, missing, work);
  } finally {
    for (const turn of turns) turn.leave();
  }
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
  // What an earlier run left in the repository is not asked for here: oras does that.
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
  if (isMounted) work.turns.mountTaken(repository);
  else work.turns.mountRefused(from, repository);
  return isMounted;
}

async function copy(unit: CopyUnit, needed: readonly Descriptor[], work: Work): Promise<Brought> {
  const { origin, target } = work.job;
  const { digest, repository, image } = unit;
  const { from, missing } =
    origin.kind === 'layout'
      ? await sourceFor(unit, needed, origin, work)
      : { from: origin.locate(image), missing: needed };
  const sent = await work.oras.copy({ digest, from, to: { client: target, repository } }, missing);
  work.sent(sent);
  const put = await target.headManifest(repository, digest);
  if (put?.digest !== digest) throw notPut(unit, target.host);
  for (const blob of missing) work.turns.arrived(blob, repository);
  return sent.length > 0 ? 'blobs' : 'manifests';
}

function notPut({ repository, digest, image }: CopyUnit, host: string): AirgapError {
  return new AirgapError('integrity', `oras reported success, but ${image.source} is not there`, {
    given: `no manifest ${digest} in ${host}/${repository}`,
    next: 'check that the oras in use is the original one, then run again',
  });
}
