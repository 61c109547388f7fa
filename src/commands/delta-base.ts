import { resolve } from 'node:path';
import { readUnverified, refusePart, type UnverifiedBundle } from '../bundle/verify.ts';
import { checkSize } from '../bundle/volume-size.ts';
import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory, InventoryBase } from '../plan/inventory.ts';
import { basePath } from '../plan/repositories.ts';
import { AirgapError } from '../report/error.ts';

/** The bundle that a delta builds on. */
export interface DeltaBase {
  readonly about: Omit<InventoryBase, 'blobs'>;
  /** What is in the target once it was loaded: its own blobs, and those that it left to its own base. */
  readonly brings: ReadonlySet<Digest>;
}

export interface DeltaOptions {
  /** File of the bundle that the new one builds on. */
  readonly since?: string | undefined;
  readonly withoutImages?: boolean | undefined;
}

/**
 * Reads what an older bundle brought. Neither its signature nor its bodies are looked at: `load` asks the target for
 * every blob that is left out.
 * @returns undefined where no delta is wanted
 * @throws AirgapError usage for nothing there, a light bundle, or one for another target; integrity for what is no
 * bundle, not a whole one, or a damaged one; io
 */
export async function readDeltaBase(
  { since: path, withoutImages = false }: DeltaOptions,
  spec: BundleSpec,
  context: Context,
): Promise<DeltaBase | undefined> {
  if (!path) return undefined;
  refuseLightDelta(withoutImages);
  const { inventory, inventoryDigest } = await readBase(resolve(context.cwd, path));
  refusePart(inventory, path);
  refuseLight(inventory, path);
  refuseOtherTarget(inventory, spec);
  refuseSameVersion(inventory, spec);
  const { name, version, sequence, blobs, base } = inventory;
  return {
    about: { name, version, sequence, inventoryDigest },
    brings: new Set([...blobs, ...(base?.blobs ?? [])].map(({ digest }) => digest)),
  };
}

/** The base that a saved plan names. */
export function savedBase({ base }: Inventory): DeltaBase | undefined {
  if (!base) return undefined;
  const { blobs, ...about } = base;
  return { about, brings: new Set(blobs.map(({ digest }) => digest)) };
}

/** @throws AirgapError usage: `load` would take the delta for a downgrade once its base is there */
export function refuseOlderThanBase(made: Inventory): void {
  const { name, sequence, base } = made;
  if (!base || base.name !== name || sequence >= base.sequence) return;
  throw new AirgapError('usage', 'the bundle would be older than the one that it builds on', {
    given: `sequence ${sequence}`,
    expected: `at least ${base.sequence}, that of ${base.name} ${base.version}`,
    next: 'raise sequence in bundle.yaml, or give --since an older bundle',
  });
}

function refuseLightDelta(withoutImages: boolean): void {
  if (!withoutImages) return;
  throw new AirgapError('usage', '--since and --without-images are both given', {
    expected: 'one of them: a delta carries the blobs that are new, a light bundle none',
  });
}

/** One that is not whole now may not have been loaded whole. */
async function readBase(path: string): Promise<UnverifiedBundle> {
  try {
    return await readUnverified(path, [], checkSize);
  } catch (error) {
    throw error instanceof AirgapError && error.class !== 'io' ? noBase(error) : error;
  }
}

function noBase(cause: AirgapError): AirgapError {
  const {
    given,
    expected,
    next = 'name another bundle with --since, or leave --since out',
  } = cause;
  return new AirgapError(cause.class, `no delta can be made: ${cause.message}`, {
    given,
    expected,
    next,
    cause,
  });
}

function refuseLight({ imagesNotEmbedded }: Inventory, path: string): void {
  if (!imagesNotEmbedded) return;
  throw new AirgapError('usage', 'the bundle of --since carries no images', {
    given: path,
    next: 'name a bundle that was made with its images',
  });
}

function refuseOtherTarget(old: Inventory, { target }: BundleSpec): void {
  if (basePath(old.target) === basePath(target)) return;
  throw new AirgapError('usage', 'the bundle of --since was made for another target', {
    given: basePath(old.target),
    expected: basePath(target),
    next: 'name a bundle that was loaded into this target, or leave --since out',
  });
}

function refuseSameVersion(old: Inventory, { name, version }: BundleSpec): void {
  if (old.name !== name || old.version !== version) return;
  throw new AirgapError('usage', 'the bundle of --since has the name and version of the new one', {
    given: `${name} ${version}`,
    next: 'give the new bundle a version of its own',
  });
}
