import type { Descriptor } from '../oci/descriptor.ts';
import { Attempts, type RetryOptions, Transient } from '../registry/retry.ts';
import type { Copy } from './oras.ts';
import type { OrasFailure } from './oras-errors.ts';
import { placesOf } from './oras-places.ts';
import type { Ended } from './oras-process.ts';
import { throughUs } from './oras-through-us.ts';

/**
 * One process for a copy, by the way that it is to be read now.
 * @param ask asks the hosts of the copy itself, and so waits until they take requests
 */
type Attempt = (
  way: Copy,
  blobs: readonly Descriptor[],
  ask: () => Promise<void>,
) => Promise<Ended>;

/** Runs a copy again while it may yet succeed, by the rules of our own requests; oras itself gives up in seconds. */
export async function persist(
  copy: Copy,
  blobs: readonly Descriptor[],
  attempt: Attempt,
  { budget, signal }: Pick<RetryOptions, 'budget' | 'signal'>,
): Promise<ReadonlySet<string>> {
  const onWait = (wait: number, failure: Transient) => {
    for (const places of placesOf(copy)) places.failing(failure, wait);
  };
  const attempts = new Attempts({ budget, signal, onWait });
  const ask = () => askHosts(copy, attempts.left);
  const begun = new Set<string>();
  const copied = new Set<string>();
  const again = secondChances();
  const detour = throughUs(copy, blobs, { signal });
  try {
    for (let way = copy; ; ) {
      const ended = await attempt(way, blobs, ask);
      const { failure } = ended;
      for (const name of ended.begun) begun.add(name);
      // Whatever was begun is there now, also if its acknowledgement was lost.
      if (failure === undefined) return begun;
      const before = copied.size;
      for (const name of ended.copied) copied.add(name);
      if (copied.size > before) attempts.progressed();
      if (failure.status === 429) placesAt(copy, failure.end)?.limited(new Transient(failure));
      way = await detour.after(failure);
      await attempts.pauseAfter(again(failure) ? new Transient(failure) : failure);
      await ask();
    }
  } finally {
    await detour.close();
  }
}

/**
 * What passes may be tried until the budget is spent. Once more: bytes that were damaged on the way, and a login, since
 * a token may have run out in the middle of an upload, which oras cannot begin again; and what nobody understands.
 */
function secondChances(): (failure: OrasFailure) => boolean {
  const given = new Set<string>();
  return ({ class: name, status, isUnderstood }) => {
    if (name === 'transient') return true;
    const isFirst = !given.has(name);
    given.add(name);
    return isFirst && (name === 'integrity' || status === 401 || !isUnderstood);
  };
}

/**
 * Asks both hosts for the manifest by our own client before a process is started again. That waits for one that is away
 * or has asked to be left alone, which oras does not tell; and learns whether a login is refused for good.
 */
async function askHosts({ digest, from, to }: Copy, within: number): Promise<void> {
  await to.client.headManifest(to.repository, digest, within);
  if ('client' in from) await from.client.getManifest(from.repository, digest, within);
}

function placesAt({ from, to }: Copy, end: OrasFailure['end']) {
  if (end === 'target') return to.client.places;
  return 'client' in from ? from.client.places : undefined;
}
