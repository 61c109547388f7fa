import type { Descriptor } from '../oci/descriptor.ts';
import { AirgapError } from '../report/error.ts';
import type { Turn } from './turns.ts';
import type { CopyUnit } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/**
 * Gets the blobs of a unit into its repository: by mounts from where they are in the target already, the rest
 * by one oras process. Resolves to whether oras ran, and so put the unit's manifests too.
 */
export async function bring(unit: CopyUnit, turns: readonly Turn[], work: Work): Promise<boolean> {
  try {
    work.context.signal.throwIfAborted();
    const missing = await missingBlobs(unit, turns, work);
    if (missing.length === 0) return false;
    await work.checkPush(unit.repository);
    await copy(unit, missing, work);
    return true;
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
  if (!there && !(await isThere(blob, repository, work))) return false;
  work.turns.arrived(blob, repository);
  turn.leave();
  return true;
}

async function mount({ digest }: Descriptor, repository: string, work: Work): Promise<boolean> {
  if (work.turns.isIn(digest, repository)) return true;
  const from = work.turns.mountSource(digest, repository);
  if (from === undefined) return false;
  if (await work.job.target.mountBlob(repository, digest, from)) return true;
  work.turns.mountRefused(from, repository);
  return false;
}

async function isThere({ digest }: Descriptor, repository: string, work: Work): Promise<boolean> {
  if (work.turns.isIn(digest, repository)) return true;
  return (await work.job.target.headBlob(repository, digest)) !== undefined;
}

async function copy(unit: CopyUnit, missing: readonly Descriptor[], work: Work): Promise<void> {
  const { origin, target } = work.job;
  const { digest, repository, image } = unit;
  const from = origin.kind === 'layout' ? origin.file : origin.locate(image);
  const sent = await work.oras.copy({ digest, from, to: { client: target, repository } }, missing);
  work.sent(sent);
  const put = await target.headManifest(repository, digest);
  if (put?.digest !== digest) throw notPut(unit, target.host);
  for (const blob of missing) work.turns.arrived(blob, repository);
}

function notPut({ repository, digest, image }: CopyUnit, host: string): AirgapError {
  return new AirgapError('integrity', `oras reported success, but ${image.source} is not there`, {
    given: `no manifest ${digest} in ${host}/${repository}`,
    next: 'check that the oras in use is the original one, then run again',
  });
}
