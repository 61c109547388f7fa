import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { mediaTypeOf, parseManifest } from '../oci/manifest.ts';
import type { Inventory, InventoryBase, InventoryTarget } from '../plan/inventory.ts';
import { bundleRepository } from '../plan/repositories.ts';
import { targetHeads } from '../transfer/heads.ts';
import type { LayoutBase, LayoutFile, LayoutOrigin, TransferJob } from '../transfer/job.ts';
import { transfer } from '../transfer/transfer.ts';
import { type Connections, connect, targetAccess } from './connect.ts';
import { checkInstalled, recordInstalled } from './installed-state.ts';
import { withLayoutFile } from './layout-file.ts';
import type { PushOptions } from './push-credential.ts';
import { type PlacedResult, placedResult, transferImages, withTools } from './transferring.ts';
import type { TrustOptions } from './trust.ts';
import { openChecked } from './verify.ts';

export interface LoadOptions {
  readonly trust: TrustOptions;
  readonly allowDowngrade: boolean;
  readonly push: PushOptions;
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
    const downgrades = await checkInstalled(bundle, options.allowDowngrade, context);
    for (const message of downgrades) context.emit({ kind: 'warning', message });
    const overrides = [...bundle.warnings, ...downgrades];
    const result = await push(bundle, options.push, context);
    if (result.errors.length === 0) await recordInstalled(bundle, overrides, context);
    return { ...result, inventoryDigest: bundle.inventoryDigest, overrides };
  } finally {
    await bundle.close();
  }
}

async function push(
  bundle: VerifiedBundle,
  options: PushOptions,
  context: Context,
): Promise<PlacedResult> {
  const { inventory } = bundle;
  const { target } = inventory;
  const access = targetAccess(target);
  const connections = await connect(target.endpoint, access, context, options);
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
  const manifest = manifestReader(bundle);
  return withLayoutFile({ bundle, manifest }, connections, context, async (file, by, during) => {
    const job: TransferJob = {
      ...places,
      origin: await layoutOrigin(bundle, root, file),
      manifest,
    };
    return withTools(by, during, (tools) => transfer(job, tools, during));
  });
}

async function layoutOrigin(
  bundle: VerifiedBundle,
  root: Descriptor,
  file: LayoutFile,
): Promise<LayoutOrigin> {
  const { inventory } = bundle;
  const roots = [root, ...(inventory.moreRoots ?? [])];
  return {
    kind: 'layout',
    file,
    roots,
    bundleRepository: inEndpoint(bundleRepository(inventory), inventory.target),
    tag: inventory.version,
    smallBlob: inventory.base ? emptyBlob : await smallBlob(bundle, root),
    ...(inventory.base ? { base: layoutBase(inventory, inventory.base) } : {}),
  };
}

/** What the OCI calls the empty descriptor's (image-spec, manifest.md): of a delta no config need be in the tar. */
const emptyBlob = { digest: digestOf(Buffer.from('{}')), bytes: Buffer.from('{}') };

function layoutBase({ target }: Inventory, base: InventoryBase): LayoutBase {
  const { name, version, inventoryDigest, blobs } = base;
  return {
    name,
    version,
    inventoryDigest,
    repository: inEndpoint(bundleRepository({ target, name }), target),
    blobs: new Set(blobs.map(({ digest }) => digest)),
  };
}

/** A `host/repository` as the target's API names it. */
function inEndpoint(repository: string, { endpoint }: InventoryTarget): string {
  return repository.slice(endpoint.length + 1);
}

/** A config: every image has one, and a registry takes it as a blob. */
async function smallBlob(
  bundle: VerifiedBundle,
  root: Descriptor,
): Promise<LayoutOrigin['smallBlob']> {
  const index = parseManifest(await bundle.readBlob(root.digest), root.mediaType);
  const [first] = index.kind === 'index' ? index.manifests : [];
  if (!first) throw new Error('the root index of a verified bundle is empty');
  const manifest = parseManifest(await bundle.readBlob(first.digest), first.mediaType);
  if (manifest.kind === 'index') throw new Error('the root index of a verified bundle is not flat');
  const { digest } = manifest.config;
  return { digest, bytes: await bundle.readBlob(digest) };
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
