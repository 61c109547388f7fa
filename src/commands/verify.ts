import { resolve } from 'node:path';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import { openVerified } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { defined } from '../inputs/defined.ts';
import { carriedPlatforms } from '../install/files.ts';
import { type DeltaBase, savedBase } from './delta-base.ts';
import { readTrust, type TrustOptions } from './keyring.ts';
import { checkProvenance, type ProvenanceResult, readProvenance } from './provenance.ts';

export interface VerifyResult {
  readonly verified: true;
  readonly bundle: string;
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly createdAt: string;
  readonly inventoryDigest: string;
  /** The key whose signature held; null where an override let the bundle pass. */
  readonly keyId: string | null;
  /** What a delta builds on, and must be in the target already; null for a bundle that is complete by itself. */
  readonly base: DeltaBase['about'] | null;
  readonly images: number;
  /** Platforms that it carries oras for, `linux/amd64`. */
  readonly tools: readonly string[];
  /** How the cluster's pull credential is in it; null where it is not. */
  readonly credentials: 'embed' | 'age' | null;
  /** Of the whole file, bytes. */
  readonly size: number;
  /** Every override that was used. */
  readonly overrides: readonly string[];
  /** Only where one was given. */
  readonly provenance?: ProvenanceResult;
}

export interface VerifyOptions {
  readonly trust: TrustOptions;
  /** File with the bundle's provenance. */
  readonly provenance?: string | undefined;
}

/** `verify`: checks every byte of a bundle, and its provenance, against its signature and the given keys. Contacts nothing. */
export async function runVerify(
  path: string,
  { trust, provenance: file }: VerifyOptions,
  context: Context,
): Promise<VerifyResult> {
  const read = file === undefined ? undefined : await readProvenance(file, trust, context);
  const bundle = await openChecked(path, trust, context);
  try {
    const provenance = read && (await checkProvenance(read, bundle, context));
    return { ...resultOf(bundle), ...defined({ provenance }) };
  } finally {
    await bundle.close();
  }
}

function resultOf(bundle: VerifiedBundle): VerifyResult {
  const { inventory, inventoryDigest, keyId, size, warnings } = bundle;
  const { name, version, sequence, createdAt, images, files, credentials = null } = inventory;
  return {
    verified: true,
    bundle: bundle.path,
    name,
    version,
    sequence,
    createdAt,
    inventoryDigest,
    keyId: keyId ?? null,
    base: savedBase(inventory)?.about ?? null,
    images: images.filter(({ referrer }) => !referrer).length,
    tools: carriedPlatforms(files),
    credentials,
    size,
    overrides: warnings,
  };
}

/** Opens and verifies a bundle, and emits what was let pass. The caller closes it. */
export async function openChecked(
  path: string,
  options: TrustOptions,
  context: Context,
): Promise<VerifiedBundle> {
  const trust = await readTrust(options, context);
  context.emit({ kind: 'step', name: `verifying ${path}` });
  const bundle = await openVerified(resolve(context.cwd, path), trust, context);
  for (const message of bundle.warnings) context.emit({ kind: 'warning', message });
  return bundle;
}
