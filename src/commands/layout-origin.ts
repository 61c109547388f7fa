import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Inventory, InventoryBase, InventoryTarget } from '../plan/inventory.ts';
import { bundleRepository } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { Places } from '../registry/places.ts';
import type { LayoutBase, LayoutFile, LayoutOrigin } from '../transfer/job.ts';
import type { BaseContent, Layout } from './layout-file.ts';

/**
 * What transfer is told of a bundle with images.
 * @param inventory with the target that the bundle goes into
 */
export async function layoutOrigin(
  { bundle, inventory }: { readonly bundle: VerifiedBundle; readonly inventory: Inventory },
  root: Descriptor,
  { file, whole }: Layout,
  base: BaseInTarget | undefined,
): Promise<LayoutOrigin> {
  const roots = [root, ...(inventory.moreRoots ?? [])];
  return {
    kind: 'layout',
    file,
    roots,
    bundleRepository: inEndpoint(bundleRepository(inventory), inventory.target),
    tag: inventory.version,
    read: (digest) => (bundle.blobSize(digest) === undefined ? undefined : bundle.readBlob(digest)),
    smallBlob: base ? emptyBlob : await smallBlob(bundle, root),
    ...(base ? { base: layoutBase(inventory, base, whole) } : {}),
  };
}

/** What the OCI calls the empty descriptor's (image-spec, manifest.md): of a delta no config need be in the tar. */
const emptyBlob = { digest: digestOf(Buffer.from('{}')), bytes: Buffer.from('{}') };

export interface BaseInTarget extends BaseContent {
  readonly about: InventoryBase;
  readonly homes: Map<Digest, string>;
  /** What is read takes none of these: who reads it has one. */
  readonly places: Places;
}

/** Reads what a delta leaves out from where it is found later. */
export function baseInTarget(about: InventoryBase, target: RegistryClient): BaseInTarget {
  const homes = new Map<Digest, string>();
  return {
    about,
    homes,
    places: target.places,
    sizes: new Map(about.blobs.map(({ digest, size }) => [digest, size])),
    async *read(digest, wanted) {
      const home = homes.get(digest);
      if (home === undefined) throw new Error(`nobody has looked for ${digest}`);
      yield* (await target.openBlob(home, digest, wanted)).body;
    },
  };
}

function layoutBase(
  { target }: Inventory,
  { about, homes, places, sizes }: BaseInTarget,
  served: LayoutFile,
): LayoutBase {
  const { name, version, inventoryDigest } = about;
  const repository = inEndpoint(bundleRepository({ target, name }), target);
  const blobs = new Set(sizes.keys());
  const whole = 'fd' in served ? served : { ...served, places };
  return { name, version, inventoryDigest, repository, blobs, homes, whole };
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
