import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import type { Lock } from '../disk/lock.ts';
import type { Digest } from '../oci/digest.ts';
import { mediaTypeOf } from '../oci/manifest.ts';
import { targetHeads } from '../transfer/heads.ts';
import type { TransferJob } from '../transfer/job.ts';
import { transfer } from '../transfer/transfer.ts';
import { orasForLoad } from './carried-oras.ts';
import { type Connections, connect, targetAccess } from './connect.ts';
import { checkInstalled, recordInstalled, whileNoOtherLoads } from './installed-state.ts';
import type { TrustOptions } from './keyring.ts';
import { withLayout } from './layout-file.ts';
import { baseInTarget, layoutOrigin } from './layout-origin.ts';
import type { PushOptions } from './push-credential.ts';
import { type PlacedResult, placedResult, transferImages, withTools } from './transferring.ts';
import { openChecked } from './verify.ts';

export interface LoadOptions {
  readonly trust: TrustOptions;
  readonly allowDowngrade: boolean;
  readonly push: PushOptions;
  /** How long what may yet succeed is tried again, milliseconds. Default ten minutes. */
  readonly retryBudgetMs?: number;
}

export interface LoadResult extends PlacedResult {
  readonly inventoryDigest: Digest;
  /** Every override that let the bundle pass. */
  readonly overrides: readonly string[];
}

/** `load`: verifies a bundle, then pushes it from the verified file into the target and places every image. */
export async function runLoad(
  path: string,
  options: LoadOptions,
  context: Context,
): Promise<LoadResult> {
  const bundle = await openChecked(path, options.trust, context);
  try {
    return await whileNoOtherLoads(bundle, context, (lock) =>
      loadChecked(bundle, options, lock, context),
    );
  } finally {
    await bundle.close();
  }
}

async function loadChecked(
  bundle: VerifiedBundle,
  options: LoadOptions,
  lock: Lock,
  context: Context,
): Promise<LoadResult> {
  const downgrades = await checkInstalled(bundle, options.allowDowngrade, context);
  for (const message of downgrades) context.emit({ kind: 'warning', message });
  const overrides = [...bundle.warnings, ...downgrades];
  const result = await push(bundle, options, context);
  if (result.errors.length === 0) await recordInstalled(bundle, overrides, lock, context);
  return { ...result, inventoryDigest: bundle.inventoryDigest, overrides };
}

async function push(
  bundle: VerifiedBundle,
  { push: credential, retryBudgetMs }: LoadOptions,
  context: Context,
): Promise<PlacedResult> {
  const { inventory } = bundle;
  const { target } = inventory;
  const ways = {
    registries: targetAccess(target),
    ...(retryBudgetMs === undefined ? {} : { retryBudgetMs }),
  };
  const connections = await connect(target.endpoint, ways, context, credential);
  try {
    context.emit({
      kind: 'step',
      name: `loading ${inventory.name} ${inventory.version} into ${target.endpoint}`,
    });
    const result = await place(bundle, connections, context);
    return placedResult(inventory, result);
  } finally {
    await connections.registries.close();
  }
}

async function place(bundle: VerifiedBundle, connections: Connections, context: Context) {
  const { inventory } = bundle;
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
    const origin = await layoutOrigin(bundle, root, layout, content.base);
    const job: TransferJob = { ...places, origin, manifest: content.manifest };
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
