import type { Digest } from '../oci/digest.ts';
import type { ShardUnit } from './shard-units.ts';

/** By how much a share may exceed the bound that failed, or a fair share in the beginning. */
const slack = 1.05;
/** The part of an image below which what it has in common with others does not keep it with them. */
const grain = 1 / 20;

/**
 * Gives every unit to one of `count` shares, the heaviest units first. A share is bound to 5% more than a fair one (all
 * bytes by the count, or the heaviest unit), and the bound grows by 5% until all units find room. Of the two ways that
 * are tried under each bound, beside those that a unit has most in common with and wherever there are fewest bytes, the
 * one counts that cuts fewer bytes apart.
 * @returns positions in `units`, in their order
 */
export function shareOut(units: readonly Pick<ShardUnit, 'blobs'>[], count: number): number[][] {
  const weighed = units
    .map(({ blobs }, at) => ({ at, blobs, bytes: sumOf(blobs) }))
    .sort((one, other) => other.bytes - one.bytes);
  const all = sumOf(new Map(weighed.flatMap(({ blobs }) => [...blobs])));
  const fair = Math.max(all / count, weighed[0]?.bytes ?? 0);
  for (let bound = fair * slack; ; bound *= slack) {
    const tried = [grain, Number.POSITIVE_INFINITY].flatMap((least) => {
      const shares = fill(weighed, count, bound, least);
      return shares ? [{ shares, load: shares.reduce((sum, { load }) => sum + load, 0) }] : [];
    });
    const [best] = tried.sort((one, other) => one.load - other.load);
    if (best) return best.shares.map(({ members }) => members.sort((a, b) => a - b));
  }
}

interface Weighed {
  readonly at: number;
  readonly blobs: ReadonlyMap<Digest, number>;
  readonly bytes: number;
}

interface Share {
  readonly members: number[];
  /** Bytes of what its members need, each blob once. */
  load: number;
}

/** @param least part of a unit that counts as in common @returns undefined where a unit finds no room */
function fill(
  units: readonly Weighed[],
  count: number,
  bound: number,
  least: number,
): Share[] | undefined {
  const shares: Share[] = Array.from({ length: count }, () => ({ members: [], load: 0 }));
  const holders = new Map<Digest, Set<Share>>();
  for (const unit of units) {
    const common = inCommon(unit, holders);
    const load = (share: Share) => share.load + unit.bytes - (common.get(share) ?? 0);
    const kin = unit.bytes * least;
    const kinship = (share: Share) => (kin > 0 ? Math.floor((common.get(share) ?? 0) / kin) : 0);
    const [best] = shares
      .filter((share) => load(share) <= bound)
      .sort((one, other) => kinship(other) - kinship(one) || one.load - other.load);
    if (!best) return undefined;
    best.load = load(best);
    best.members.push(unit.at);
    for (const digest of unit.blobs.keys())
      holders.set(digest, (holders.get(digest) ?? new Set()).add(best));
  }
  return shares;
}

/** Bytes of a unit that shares have already. */
function inCommon(
  { blobs }: Weighed,
  holders: ReadonlyMap<Digest, ReadonlySet<Share>>,
): ReadonlyMap<Share, number> {
  const common = new Map<Share, number>();
  for (const [digest, size] of blobs)
    for (const share of holders.get(digest) ?? [])
      common.set(share, (common.get(share) ?? 0) + size);
  return common;
}

function sumOf(blobs: ReadonlyMap<Digest, number>): number {
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
}
