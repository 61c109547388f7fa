import type { SignedBundle } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { compareWithRegistry, type RegistryDifference } from '../plan/registry-difference.ts';
import { basePath } from '../plan/repositories.ts';
import { openRegistries, type Registries, type RegistryClient } from '../registry/client.ts';
import type { AirgapError } from '../report/error.ts';
import { headPlacements } from '../transfer/heads.ts';
import { transferImages } from '../transfer/images.ts';
import type { SiteMark } from './at-site.ts';
import { aboutBundle, type BundleAbout } from './bundle-about.ts';
import { targetAccess } from './connect.ts';
import { emitSecret, type GivenCredential, readGiven } from './given-credential.ts';
import type { TrustOptions } from './keyring.ts';
import { type LackingBytes, lackingBytes, unknownBytes } from './lacking-bytes.ts';
import { noPush, runCredentials } from './push-credential.ts';
import { withSignedBundle } from './signed-bundle.ts';
import { eachOnce } from './transferring.ts';

export interface RegistryDiffOptions {
  readonly trust: TrustOptions;
  /** Path of a site file. */
  readonly site: string | undefined;
  /** Who asks; absent: the docker config's. */
  readonly login: GivenCredential;
  readonly allowPlainHttp: boolean;
}

export interface RegistryDiff extends RegistryDifference {
  /** Every placement resolves to the digest of the bundle; what lies below is not asked for. */
  readonly same: boolean;
  readonly from: {
    /** `host/base path`. */
    readonly registry: string;
    /** Where that comes from, when that is a site file. */
    readonly site: SiteMark | null;
  };
  readonly to: BundleAbout;
  readonly bytes: LackingBytes;
  /** What the registry did not answer: the images of these placements are in none of the lists. */
  readonly errors: readonly AirgapError[];
}

/**
 * `diff BUNDLE --registry`: what loading a bundle changes in its registry, and how many bytes that would carry. Sends
 * nothing but HEADs, and those only to where a signed bundle or a site file says.
 * @throws AirgapError usage, signature, integrity, policy, authentication, transient, io
 */
export function runDiffRegistry(
  path: string,
  options: RegistryDiffOptions,
  context: Context,
): Promise<RegistryDiff> {
  return withSignedBundle(path, options, context, async ({ bundle, inventory, at }) => {
    const registries = await enter(inventory, options, context);
    try {
      const target = registries.client(inventory.target.endpoint);
      context.emit({ kind: 'step', name: `looking for every image in ${target.host}` });
      const found = await ask(bundle, inventory, target);
      const { keyId } = bundle;
      return {
        from: { registry: basePath(inventory.target), site: at?.site ?? null },
        to: aboutBundle({ ...aside(bundle), keyId, signed: keyId !== undefined }, context.now()),
        ...found,
      };
    } finally {
      await registries.close();
    }
  });
}

function aside({ path, inventory, inventoryDigest, size }: SignedBundle) {
  return { path, inventory, inventoryDigest, size };
}

/** Somebody waits for the answer: milliseconds. */
const patience = 30_000;

async function enter(
  { target }: Inventory,
  { login, allowPlainHttp }: RegistryDiffOptions,
  context: Context,
): Promise<Registries> {
  const given = await readGiven('pull', login, context);
  if (given) emitSecret(given, context);
  const fromDocker = await runCredentials(target.endpoint, noPush, context);
  return openRegistries({
    access: targetAccess(target),
    credential: async (host) => (host === target.endpoint && given ? given : fromDocker(host)),
    allowPlainHttpCredentials: allowPlainHttp,
    retryBudgetMs: patience,
    context,
  });
}

async function ask(bundle: SignedBundle, inventory: Inventory, target: RegistryClient) {
  const { resolved, errors } = await resolvePlacements(inventory, target);
  const difference = compareWithRegistry(inventory, resolved);
  const { added, moved, notServed } = difference.placements;
  const lacking = new Set([...added, ...moved].map(({ source }) => source));
  return {
    same: lacking.size + notServed.length + errors.length === 0,
    ...difference,
    bytes:
      errors.length > 0 ? unknownBytes : await lackingBytes(bundle, inventory, lacking, target),
    errors,
  };
}

async function resolvePlacements(inventory: Inventory, target: RegistryClient) {
  const images = transferImages(inventory);
  // What a cache does not serve is compared as any other: here that is no failure.
  const heads = await headPlacements({ images, target, pullThrough: [] });
  const resolved = new Map<string, Digest | null>();
  const errors: AirgapError[] = [];
  for (const { image, places } of heads) {
    for (const { place, found } of places) {
      if (found.state === 'failed' && found.error) errors.push(found.error);
      else
        resolved.set(
          place.reference,
          found.state === 'missing' ? (found.existing ?? null) : image.digest,
        );
    }
  }
  return { resolved, errors: eachOnce(errors) };
}
