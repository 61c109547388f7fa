import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import type { Lock } from '../disk/lock.ts';
import { defined } from '../inputs/defined.ts';
import { readSite } from '../inputs/site.ts';
import type { Digest } from '../oci/digest.ts';
import { mediaTypeOf } from '../oci/manifest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { targetHeads } from '../transfer/heads.ts';
import { transferImages } from '../transfer/images.ts';
import type { TransferJob } from '../transfer/job.ts';
import { transfer } from '../transfer/transfer.ts';
import { type AtSite, atSite, notSigned, type SiteMark } from './at-site.ts';
import { orasForLoad } from './carried-oras.ts';
import { type Connections, connect, targetAccess } from './connect.ts';
import { checkInstalled, recordInstalled, whileNoOtherLoads } from './installed-state.ts';
import type { TrustOptions } from './keyring.ts';
import { withLayout } from './layout-file.ts';
import { baseInTarget, layoutOrigin } from './layout-origin.ts';
import type { PushOptions } from './push-credential.ts';
import { type PlacedResult, placedResult, withTools } from './transferring.ts';
import { openChecked } from './verify.ts';

export interface LoadOptions {
  readonly trust: TrustOptions;
  readonly allowDowngrade: boolean;
  /** Path of a site file, for a target that is named otherwise here than the bundle says. */
  readonly site?: string | undefined;
  readonly push: PushOptions;
  /** Ask for the children and blobs of what is there; a light bundle does not know them. */
  readonly deep: boolean;
  /** How long what may yet succeed is tried again, milliseconds. Default ten minutes. */
  readonly retryBudgetMs?: number;
  /** Most requests at a time to the target. Default 32. */
  readonly maxConcurrent?: number;
  /** Is told what is loaded, as the signed bundle or a site file says, before any of it is. */
  readonly onOpened?: (bundle: VerifiedBundle, inventory: Inventory) => Promise<void>;
}

export interface LoadResult extends PlacedResult {
  readonly inventoryDigest: Digest;
  /** Every override that let the bundle pass, and what of it is not as signed. */
  readonly overrides: readonly string[];
  /** Where the target and the placements come from, when that is a site file: they are not signed. */
  readonly site: SiteMark | null;
}

/** What is loaded, and where to. */
interface Load extends Pick<AtSite, 'inventory'> {
  readonly bundle: VerifiedBundle;
  readonly inventoryDigest: Digest;
  readonly site: SiteMark | null;
}

/**
 * `load`: verifies a bundle, then pushes it from the verified file into the target and places every image.
 * @throws AirgapError or Failures
 */
export async function runLoad(
  path: string,
  options: LoadOptions,
  context: Context,
): Promise<LoadResult> {
  const site = options.site === undefined ? undefined : await readSite(options.site, context);
  const bundle = await openChecked(path, options.trust, context);
  try {
    const { inventory, inventoryDigest } = bundle;
    const place = site ? await atSite(bundle, site, context) : { inventory, site: null };
    const load = { bundle, inventoryDigest, ...place };
    await options.onOpened?.(bundle, load.inventory);
    return await whileNoOtherLoads(load, context, (lock) =>
      loadChecked(load, options, lock, context),
    );
  } finally {
    await bundle.close();
  }
}

async function loadChecked(
  load: Load,
  options: LoadOptions,
  lock: Lock,
  context: Context,
): Promise<LoadResult> {
  const { bundle, inventoryDigest, site } = load;
  const downgrades = await checkInstalled(load, options.allowDowngrade, context);
  for (const message of downgrades) context.emit({ kind: 'warning', message });
  const overrides = [...bundle.warnings, ...downgrades, ...(site ? [notSigned(site)] : [])];
  const result = await push(load, options, context);
  if (result.errors.length === 0) await recordInstalled(load, overrides, lock, context);
  return { ...result, inventoryDigest, overrides, site };
}

async function push(
  load: Load,
  { push: credential, retryBudgetMs, maxConcurrent, deep }: LoadOptions,
  context: Context,
): Promise<PlacedResult> {
  const { inventory } = load;
  const { target } = inventory;
  const ways = {
    registries: targetAccess(target, defined({ maxConcurrent })),
    ...defined({ retryBudgetMs }),
  };
  const connections = await connect(target.endpoint, ways, context, credential);
  try {
    context.emit({
      kind: 'step',
      name: `loading ${inventory.name} ${inventory.version} into ${target.endpoint}`,
    });
    const result = await place(load, connections, deep, context);
    return placedResult(inventory, result);
  } finally {
    await connections.registries.close();
  }
}

async function place(
  { bundle, inventory }: Load,
  connections: Connections,
  deep: boolean,
  context: Context,
) {
  const places = {
    images: transferImages(inventory),
    target: connections.registries.client(inventory.target.endpoint),
    pullThrough: inventory.target.pullThrough ?? [],
  };
  const { root } = inventory;
  // Of a light bundle the images must be in the target already.
  if (!root) return targetHeads(places);
  const content = {
    bundle,
    manifest: manifestReader(bundle),
    base: inventory.base && baseInTarget(inventory.base, places.target),
  };
  return withLayout(content, connections, context, async (layout, by, during) => {
    const origin = await layoutOrigin({ bundle, inventory }, root, layout, content.base);
    const job: TransferJob = { ...places, origin, manifest: content.manifest, deep };
    const find = (scratch: string) => orasForLoad(bundle, scratch, during);
    return withTools(by, during, (tools) => transfer(job, tools, during), find);
  });
}

/** The inventory says what an image is; what lies below one says it itself. */
function manifestReader(bundle: VerifiedBundle): TransferJob['manifest'] {
  const named = new Map(
    bundle.inventory.images.map(({ digest, mediaType }) => [digest, mediaType]),
  );
  return async (digest) => {
    const bytes = await bundle.readBlob(digest);
    return { mediaType: named.get(digest) ?? mediaTypeOf(bytes), bytes };
  };
}
