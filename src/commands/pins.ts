import { isDeepStrictEqual } from 'node:util';
import { asHint, replaceFile } from '../disk/replace.ts';
import {
  type BundleLock,
  type LockedImage,
  type LockedReferrer,
  printLock,
} from '../inputs/lock-file.ts';
import type { BundleSpec, ListedImage } from '../inputs/spec.ts';
import { utcSeconds } from '../inputs/time.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageGraph, isLeaf } from '../oci/graph.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { ResolvedImage } from '../plan/plan.ts';
import { error, type Problem, warning } from '../plan/problem.ts';
import type { Registries } from '../registry/client.ts';
import { AirgapError } from '../report/error.ts';

/** Which pins `plan --lock` lets go: all, or those of these images. */
export type Update = 'all' | readonly string[];

/** What `plan --lock` did to the lock file. */
export interface LockResult {
  readonly path: string;
  /** The bundle whose time and sequence it has now. */
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** Pins that are others now. */
  readonly moved: readonly { readonly image: string; readonly from: Digest; readonly to: Digest }[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Whether something else is attached to the images than before. */
  readonly isReattached: boolean;
}

/** The pins of a new lock, and what became of the old ones. */
export interface Relocked extends Omit<LockResult, 'name' | 'version' | 'sequence'> {
  readonly images: readonly LockedImage[];
  /** Absent where bundle.yaml leaves them out. */
  readonly referrers: readonly LockedReferrer[] | undefined;
}

/** What each image is held to. @param update lets these go */
export function lockedPins(
  lock: BundleLock | undefined,
  update: Update = [],
): ReadonlyMap<string, Digest> {
  const kept = lock?.images.filter(({ image }) => update !== 'all' && !update.includes(image));
  return new Map(kept?.map(({ image, digest }) => [image, digest]));
}

/** @throws AirgapError usage for an image to update that bundle.yaml does not list */
export function checkUpdate(update: Update, listed: readonly ListedImage[]): void {
  if (update === 'all') return;
  const unknown = update.filter((name) => !listed.some(({ image }) => image === name));
  if (unknown.length === 0) return;
  throw new AirgapError('usage', 'there is no such image to update', {
    given: `--update ${unknown.join(' ')}`,
    expected: 'images as bundle.yaml and its lists write them',
    next: 'without a name, --update moves all of them',
  });
}

/** The pins of what was resolved. A pin that stays keeps when and from where it was resolved. */
export function relock(
  { lock, lockPath }: BundleSpec,
  resolved: readonly ResolvedImage[],
  referrers: readonly LockedReferrer[] | undefined,
  registries: Registries,
  now: Date,
): Relocked {
  const before = new Map(lock?.images.map((one) => [one.image, one]));
  const images = resolved.flatMap(({ listed: { image }, reference, graph }): LockedImage[] => {
    if (!graph) return [];
    const { client, repository } = registries.source(reference);
    const old = before.get(image);
    const seen =
      old?.digest === graph.root.digest
        ? { resolvedAt: old.resolvedAt, from: old.from }
        : { resolvedAt: utcSeconds(now), from: `${client.host}/${repository}` };
    return [{ image, digest: graph.root.digest, platforms: platformsOf(graph), ...seen }];
  });
  const after = new Set(images.map(({ image }) => image));
  return {
    path: lockPath,
    referrers,
    isReattached: lock !== undefined && !isDeepStrictEqual(lock.referrers, referrers),
    images: images.sort((a, b) => (a.image < b.image ? -1 : 1)),
    moved: images.flatMap(({ image, digest: to }) => {
      const from = before.get(image)?.digest;
      return from === undefined || from === to ? [] : [{ image, from, to }];
    }),
    added: [...after].filter((image) => !before.has(image)),
    removed: [...before.keys()].filter((image) => !after.has(image)),
  };
}

function platformsOf({ documents }: ImageGraph): Record<string, Digest> {
  const known = [...documents.values()].flatMap((document): [string, Digest][] =>
    isLeaf(document) && document.platform
      ? [[formatPlatform(document.platform), document.descriptor.digest]]
      : [],
  );
  return Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Time and sequence of the bundle that was locked; undefined where another one is made now. */
export function lockedTimes(
  { lock, name, version, sequence }: BundleSpec,
  relocked?: Relocked,
): Pick<BundleLock, 'createdAt' | 'sequence'> | undefined {
  if (lock === undefined || lock.name !== name || lock.version !== version) return undefined;
  const changes = relocked ? [relocked.moved, relocked.added, relocked.removed].flat() : [];
  const isSame =
    changes.length === 0 &&
    !relocked?.isReattached &&
    (!relocked || (sequence ?? lock.sequence) === lock.sequence);
  return isSame ? { createdAt: lock.createdAt, sequence: lock.sequence } : undefined;
}

/** @throws AirgapError io */
export async function writeLock(
  { images, referrers, ...result }: Relocked,
  { name, version, createdAt, sequence }: Inventory,
): Promise<LockResult> {
  const lock: BundleLock = {
    lockVersion: 1,
    name,
    version,
    createdAt,
    sequence,
    images: [...images],
    ...(referrers ? { referrers: [...referrers] } : {}),
  };
  await replaceFile(result.path, printLock(lock), asHint);
  return { ...result, name, version, sequence };
}

/** What is amiss between bundle.yaml and its lock, where the lock is to be followed. */
export function lockProblems(
  { lock, name, version }: BundleSpec,
  listed: readonly ListedImage[],
): Problem[] {
  if (lock === undefined) return [];
  const pins = lockedPins(lock);
  const unlocked = [...new Set(listed.map(({ image }) => image))].filter(
    (image) => !pins.has(image),
  );
  const problems = unlocked.map((image) =>
    error('not-locked', [image], `${image} is not in the lock file`, 'add it: plan --lock'),
  );
  if (lock.name === name && lock.version === version) return problems;
  const message = `the lock file is of ${lock.name} ${lock.version}: its digests hold for ${name} ${version}, its time and sequence do not`;
  return [...problems, warning('other-lock', [], message, 'lock this version too: plan --lock')];
}
