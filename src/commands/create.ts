import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { printInventory } from '../bundle/inventory-json.ts';
import { loadSigner, type Signer } from '../bundle/sign.ts';
import { writeBundle } from '../bundle/write.ts';
import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { leavesOf } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import type { Inventory, InventoryBlob } from '../plan/inventory.ts';
import type { ImageSource } from '../registry/read-image.ts';
import { AirgapError } from '../report/error.ts';
import { connect } from './connect.ts';
import { refuseOnErrors } from './plan.ts';
import { type Prepared, prepare } from './prepare.ts';
import { readSavedPlan } from './saved-plan.ts';

export interface CreateOptions {
  /** Folder for the three files. */
  readonly out: string;
  /** File of `plan -o`. */
  readonly plan?: string | undefined;
  readonly withoutImages?: boolean;
}

export interface CreateResult {
  readonly bundle: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly installScript: string;
  /** Key id of the signer; null when unsigned. */
  readonly keyId: string | null;
  readonly inventoryDigest: Digest;
  readonly inventory: Inventory;
}

/** `create`: `NAME-VERSION.tar`, its `.sha256` and `install.sh` into a folder. Contacts source registries only. */
export async function runCreate(
  spec: BundleSpec,
  options: CreateOptions,
  context: Context,
): Promise<CreateResult> {
  const saved = await readSavedPlan(options.plan, context);
  const sign = await readyToCreate(spec, context);
  const { registries } = await connect(spec.target.endpoint, spec.registries, context);
  try {
    const { withoutImages } = options;
    const prepared = await prepare(spec, registries, context, { saved, withoutImages });
    refuseOnErrors(prepared.problems, context);
    return await createPrepared(prepared, options.out, sign, context);
  } finally {
    await registries.close();
  }
}

/** What is looked at before any registry: a chart where one is installed, and the key. Undefined: unsigned by choice. */
export async function readyToCreate(
  spec: BundleSpec,
  context: Context,
): Promise<Signer | undefined> {
  refuseWithoutChart(spec);
  return signerOf(spec, context);
}

function refuseWithoutChart({ environment, imageSwap }: BundleSpec): void {
  if (environment === 'non-airgap' || imageSwap.chart) return;
  throw new AirgapError('usage', 'environment is airgap, but no image-swap chart is given', {
    expected: 'imageSwap: {chart: ./image-swap-1.5.3.tgz}, a path or oci://',
    next: 'add the chart, or set environment: non-airgap to install the Secret alone',
  });
}

async function signerOf({ signing }: BundleSpec, { env }: Context): Promise<Signer | undefined> {
  if (!signing) {
    throw new AirgapError('usage', 'nothing says how the bundle is signed', {
      expected: 'signing: {key: bundle.key}, or unsigned: true',
      next: 'make a key with: keygen --out bundle.key',
    });
  }
  return 'key' in signing ? loadSigner(signing.key, env.AIRGAP_BUNDLE_KEY_PASSPHRASE) : undefined;
}

/** The second half: carries out a plan that has no errors. */
export async function createPrepared(
  prepared: Prepared,
  out: string,
  sign: Signer | undefined,
  context: Context,
): Promise<CreateResult> {
  const { inventory, files } = prepared;
  const folder = resolve(context.cwd, out);
  const bundle = join(folder, `${inventory.name}-${inventory.version}.tar`);
  context.emit({ kind: 'step', name: `writing ${bundle}` });
  const written = await writeBundle(
    {
      inventory,
      files,
      readBlob: blobReader(prepared),
      ...(sign ? { sign } : {}),
      out: bundle,
      concurrency: 8,
    },
    context,
  );
  return {
    bundle: written.path,
    sha256: written.sha256,
    size: written.size,
    installScript: written.installScript,
    keyId: sign?.keyId ?? null,
    inventoryDigest: digestOf(printInventory(inventory)),
    inventory,
  };
}

/** Manifests are at hand from planning; configs and layers come from the first image that has them. */
function blobReader({ manifests, images, registries }: Prepared) {
  const homes = new Map<Digest, ImageSource>();
  for (const { graph, reference } of images) {
    const source = registries.source(reference);
    for (const { digest } of leavesOf(graph).flatMap(({ manifest }) => references(manifest))) {
      if (!homes.has(digest)) homes.set(digest, source);
    }
  }
  return async ({ digest }: InventoryBlob): Promise<Readable> => {
    const manifest = manifests.get(digest);
    if (manifest) return Readable.from([manifest.bytes]);
    const home = homes.get(digest);
    if (!home) throw new Error(`no image has the blob ${digest}`);
    return (await home.client.getBlob(home.repository, digest)).body;
  };
}
