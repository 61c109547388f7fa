import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import { sourceFor } from './from-base.ts';
import { isSmall } from './small-blobs.ts';
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

/** How a blob came; `pending`: it is oras's to bring, and until our turn is left nobody else's. */
type Arrival = 'there' | 'uploaded' | 'pending';

/**
 * Gets the blobs of a unit into its repository: by mounts from where they are in the target already, small ones
 * by our own client, the rest by one oras process.
 */
export async function bring(unit: CopyUnit, turns: readonly Turn[], work: Work): Promise<Brought> {
  try {
    work.context.signal.throwIfAborted();
    const arrivals = await settleAll(
      unit.blobs.map((blob, at) => arrive(blob, unit, turnOf(turns, at), work)),
    );
    const uploaded = arrivals.includes('uploaded');
    const pending = unit.blobs.filter((_, at) => arrivals[at] === 'pending');
    if (pending.length === 0) return { uploaded, documents: [] };
    await work.checkPush(unit.repository);
    const sent = await copy(unit, pending, work);
    return { uploaded: uploaded || sent.length > 0, documents: unit.documents };
  } finally {
    for (const turn of turns) turn.leave();
  }
}

function turnOf(turns: readonly Turn[], at: number): Turn {
  const turn = turns[at];
  if (turn === undefined) throw new Error('a unit has a turn for each of its blobs');
  return turn;
}

async function arrive(blob: Descriptor, unit: CopyUnit, turn: Turn, work: Work): Promise<Arrival> {
  const arrival = await arrivalOf(blob, unit, turn, work);
  if (arrival === 'pending') return arrival;
  work.turns.arrived(blob, unit.repository);
  turn.leave();
  return arrival;
}

async function arrivalOf(blob: Descriptor, unit: CopyUnit, turn: Turn, work: Work) {
  const { repository } = unit;
  await turn.homeOrFirst;
  if (await mount(blob, repository, work)) return 'there';
  await turn.first;
  if (work.turns.isIn(blob.digest, repository)) return 'there';
  // What an earlier run left of the large ones is not asked for here: oras does that.
  return isSmall(blob, work) ? work.sendSmall(blob, unit) : 'pending';
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
  const copying = work.progress.copying(missing);
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
