import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { printInventory } from '../bundle/inventory-json.ts';
import { parsePartSize } from '../bundle/part-size.ts';
import { type OlderBundle, openOlder } from '../bundle/reuse.ts';
import { loadSigner, type Signer } from '../bundle/sign.ts';
import { sumsPath } from '../bundle/sums.ts';
import { writeBundle } from '../bundle/write.ts';
import type { BlobSources } from '../bundle/write-blobs.ts';
import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { InstallFile } from '../install/files.ts';
import { totalSize } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { leavesOf } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import type { Inventory, InventoryBlob } from '../plan/inventory.ts';
import type { BlobContent, ByteRange } from '../registry/api.ts';
import type { ImageSource } from '../registry/read-image.ts';
import { AirgapError } from '../report/error.ts';
import { count, formatBytes } from '../report/units.ts';
import { carriedCredential } from './carried-credential.ts';
import { withConnections } from './connect.ts';
import { type DeltaBase, type DeltaOptions, readDeltaBase, savedBase } from './delta-base.ts';
import type { GivenCredential } from './given-credential.ts';
import { imageBlobs } from './image-blobs.ts';
import { type JoinOptions, openJoined } from './join-parts.ts';
import { planRun } from './kept-plan.ts';
import { withFile } from './make-inventory.ts';
import type { PlannedBundle } from './make-plan.ts';
import { noPush } from './push-credential.ts';
import { readSavedPlan } from './saved-plan.ts';
import { withSourceImages } from './source-images.ts';

export interface CreateOptions extends DeltaOptions, JoinOptions {
  /** Folder for the files. */
  readonly out: string;
  /** File of `plan -o`. */
  readonly plan?: string | undefined;
  /** Write parts of at most this size, as a person wrote it. */
  readonly splitSize?: string | undefined;
  /** A bundle made earlier, whose blobs are taken from there. */
  readonly reuse?: string | undefined;
  /** The cluster's pull credential, where the bundle is to carry it. */
  readonly pull: GivenCredential;
  /** Resolve again, whatever a killed run left. */
  readonly fresh: boolean;
  /** Is told the plan that is carried out. */
  readonly onPlan?: (prepared: PlannedBundle) => void;
}

export interface CreateResult {
  /** What `verify` and `load` take: a path that is there, or the one that its parts' names begin with. */
  readonly bundle: string;
  /** The files that the bundle lies in. */
  readonly parts: readonly string[];
  /** Of the whole bundle, its parts one after the other. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly installScript: string;
  /** Bytes of blobs that came from an older bundle. */
  readonly reused: number;
  /** Bytes of blobs that an earlier run, which was stopped, had written. */
  readonly resumed: number;
  /** What a delta builds on; null for a bundle that is complete by itself. */
  readonly base: DeltaBase['about'] | null;
  /** Bytes of blobs that a delta leaves to its base. */
  readonly leftOut: number;
  /** Key id of the signer; null when unsigned. */
  readonly keyId: string | null;
  /** Name of the public key, where it lies beside the signing key; null where it does not, or nothing is signed. */
  readonly publicKey: string | null;
  readonly inventoryDigest: Digest;
  /** As written; the file of a credential in clear text is left out, as its hash tells who guesses that he is right. */
  readonly inventory: Inventory;
}

/** `create`: `NAME-VERSION.tar`, its `.sha256` and `install.sh` into a folder. Contacts source registries only. */
export async function runCreate(
  spec: BundleSpec,
  options: CreateOptions,
  context: Context,
): Promise<CreateResult> {
  const partSize = partSizeOf(options.splitSize);
  const saved = await readSavedPlan(options.plan, context);
  const sign = await readyToCreate(spec, context);
  const credential = await carriedCredential(spec, options.pull, context);
  const base = await readDeltaBase(options, spec, context);
  return withOlder(options, saved, context, (older) =>
    withConnections(spec.target.endpoint, spec, noPush, context, async ({ registries }) => {
      const { withoutImages, fresh } = options;
      const complete = await withSourceImages(spec, registries, context);
      const run = { name: 'create', spec: complete, saved, fresh, withoutImages, older, base };
      const creation = { out: options.out, partSize, sign, credential, older };
      return planRun(run, registries, context, ({ carryOut }) =>
        carryOut((prepared) => {
          options.onPlan?.(prepared);
          return createPrepared(prepared, creation, context);
        }),
      );
    }),
  );
}

/**
 * Gives `work` what blobs are taken from in place of registries, the parts to be joined or an older bundle, and closes
 * it however that ends. What is wrong with a part is what `work` failed by.
 * @throws AirgapError usage, integrity, io
 */
export async function withOlder<T>(
  options: JoinOptions,
  saved: Inventory | undefined,
  context: Context,
  work: (older: OlderBundle | undefined) => Promise<T>,
): Promise<T> {
  const parts = await openJoined(options, saved, context);
  const older = parts ?? (await openReused(options.reuse, context));
  try {
    return await work(older);
  } catch (error) {
    throw parts?.fault() ?? error;
  } finally {
    await older?.close();
  }
}

/** @throws AirgapError usage */
export function partSizeOf(written: string | undefined): number | undefined {
  return written === undefined ? undefined : parsePartSize(written);
}

/** @throws AirgapError usage for nothing there, integrity for what is no bundle; io */
async function openReused(
  path: string | undefined,
  { cwd }: Context,
): Promise<OlderBundle | undefined> {
  return path ? openOlder(resolve(cwd, path)) : undefined;
}

/** The key, which is looked at before any registry. Undefined: unsigned by choice. */
export async function readyToCreate(
  { signing }: BundleSpec,
  { env }: Context,
): Promise<Signer | undefined> {
  if (!signing) {
    throw new AirgapError('usage', 'nothing says how the bundle is signed', {
      expected: 'signing: {key: bundle.key}, or unsigned: true',
      next: 'make a key with `airgap-bundle keygen --out bundle.key`, and name it in bundle.yaml as signing: {key: bundle.key}',
    });
  }
  return 'key' in signing ? loadSigner(signing.key, env.AIRGAP_BUNDLE_KEY_PASSPHRASE) : undefined;
}

export interface Creation {
  /** Folder for the files. */
  readonly out: string;
  /** Bytes; absent: one file. */
  readonly partSize: number | undefined;
  /** Absent: unsigned. */
  readonly sign: Signer | undefined;
  /** What carries the pull credential; absent: the bundle has none. */
  readonly credential: InstallFile | undefined;
  readonly older: OlderBundle | undefined;
}

/** The second half: carries out a plan that has no errors. */
export async function createPrepared(
  prepared: PlannedBundle,
  { out, partSize, sign, credential, older }: Creation,
  context: Context,
): Promise<CreateResult> {
  const { inventory, files } = credential ? withFile(prepared, credential) : prepared;
  const folder = resolve(context.cwd, out);
  const bundle = join(folder, `${inventory.name}-${inventory.version}.tar`);
  context.emit({ kind: 'step', name: `writing ${bundle}` });
  const written = await writeBundle(
    {
      inventory,
      files,
      readBlob: blobReader(prepared),
      images: imageBlobs(prepared.images, inventory),
      ...(sign ? { sign } : {}),
      ...(older ? { older } : {}),
      ...(partSize === undefined ? {} : { partSize }),
      ...(credential ? { changing: [credential.path, sumsPath] } : {}),
      isPrivate: inventory.credentials === 'embed',
      out: bundle,
      concurrency: blobsAtOnce,
    },
    context,
  );
  if (older) tellReused(older, context);
  return {
    bundle: written.path,
    parts: written.parts,
    sha256: written.sha256,
    size: written.size,
    installScript: written.installScript,
    reused: older?.isComplete ? 0 : (older?.taken.bytes ?? 0),
    resumed: written.resumed,
    base: savedBase(inventory)?.about ?? null,
    leftOut: totalSize(inventory.base?.blobs ?? []),
    keyId: sign?.keyId ?? null,
    publicKey: publicKeyName(prepared.spec),
    inventoryDigest: digestOf(printInventory(inventory)),
    inventory:
      inventory.credentials === 'embed' ? withoutCredential(inventory, credential) : inventory,
  };
}

/** As keygen names it. */
function publicKeyName({ signing }: BundleSpec): string | null {
  if (!signing || !('key' in signing)) return null;
  const path = `${signing.key.replace(/\.key$/, '')}.pub`;
  return existsSync(path) ? basename(path) : null;
}

/** SHA256SUMS holds the hash of the credential's file too. */
function withoutCredential(inventory: Inventory, credential: InstallFile | undefined): Inventory {
  const left = inventory.files.filter(({ path }) => path !== credential?.path && path !== sumsPath);
  return { ...inventory, files: left };
}

/** As many as the source registry is let have at a time; the rest of them waits for it. */
export const blobsAtOnce = 32;

const damagedNamed = 10;

function tellReused({ path, taken: { bytes, damaged } }: OlderBundle, { emit }: Context): void {
  emit({ kind: 'note', message: `${formatBytes(bytes)} came from ${path}` });
  if (damaged.length === 0) return;
  const named = damaged.slice(0, damagedNamed).join(', ');
  const others = damaged.length > damagedNamed ? ` and ${damaged.length - damagedNamed} more` : '';
  emit({
    kind: 'warning',
    message: `${path} is damaged: ${count(damaged.length, 'blob')} fetched again: ${named}${others}`,
    cure: 'reuse the bundle that was made now next time',
  });
}

/** Manifests and configs are at hand from planning; layers come from the first image that has them. */
export function blobReader({
  manifests,
  images,
  registries,
  found,
}: PlannedBundle): BlobSources['readBlob'] {
  const homes = new Map<Digest, ImageSource>();
  for (const { graph, reference } of images) {
    const source = registries.source(reference);
    for (const { digest } of leavesOf(graph).flatMap(({ manifest }) => references(manifest))) {
      if (!homes.has(digest)) homes.set(digest, source);
    }
  }
  return async ({ digest }: InventoryBlob, range?: ByteRange): Promise<BlobContent> => {
    const bytes = manifests.get(digest)?.bytes ?? found(digest);
    if (bytes) return { status: 200, body: Readable.from([bytes]) };
    const home = homes.get(digest);
    if (!home) throw new Error(`no image has the blob ${digest}`);
    return home.client.getBlob(home.repository, digest, range);
  };
}
