import { resolve } from 'node:path';
import { openSigned, readUnverified } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { changedSecretKeys, secretPath } from '../install/secret-keys.ts';
import { compare, type Difference } from '../plan/difference.ts';
import { aboutBundle, type BundleAbout, type Opened } from './bundle-about.ts';
import { warnOfSize } from './inspect.ts';
import { readTrust, type TrustOptions } from './keyring.ts';

export interface BundleDiff extends Difference {
  readonly from: BundleAbout;
  readonly to: BundleAbout;
  /** Keys of the Secret registry-info whose values differ; null where no key was given, as no file is read then. */
  readonly secretKeys: readonly string[] | null;
}

/** An open bundle, of which a file can be read. */
interface Readable extends Opened {
  /** Absent where nothing in it is believed. */
  read?(path: string): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * `diff A B`: what installing the second bundle in place of the first changes, by their inventories alone. With keys
 * both must be signed by one of them; without, both are read unverified. Dates refuse nothing. Contacts nothing.
 * @throws AirgapError usage, signature, integrity, io
 */
export async function runDiff(
  [from, to]: readonly [string, string],
  trust: TrustOptions,
  context: Context,
): Promise<BundleDiff> {
  const older = await open(from, trust, context);
  try {
    const newer = await open(to, trust, context);
    try {
      warnOfOrder(older, newer, context);
      return {
        from: aboutBundle(older, context.now()),
        to: aboutBundle(newer, context.now()),
        ...compare(older.inventory, newer.inventory),
        secretKeys: await secretKeys(older, newer),
      };
    } finally {
      await newer.close();
    }
  } finally {
    await older.close();
  }
}

async function open(name: string, options: TrustOptions, context: Context): Promise<Readable> {
  const path = resolve(context.cwd, name);
  const trust = await readTrust({ ...options, allowExpired: true }, context);
  if (trust.keys.length === 0) return openUnverified(path, context);
  const bundle = await openSigned(path, trust);
  const { inventory, inventoryDigest, keyId, size } = bundle;
  return {
    ...{ path: bundle.path, inventory, inventoryDigest, keyId, size },
    signed: keyId !== undefined,
    read: (file) => bundle.read(file),
    close: () => bundle.close(),
  };
}

async function openUnverified(path: string, context: Context): Promise<Readable> {
  const bundle = await readUnverified(path);
  const { sizeByInventory, ...about } = bundle;
  if (about.size !== sizeByInventory) warnOfSize(bundle, context);
  return { ...about, size: sizeByInventory, keyId: undefined, close: async () => {} };
}

/** What `load` would say of the second after the first. */
function warnOfOrder(
  { inventory: from, inventoryDigest }: Opened,
  { inventory: to, inventoryDigest: digest }: Opened,
  { emit }: Context,
): void {
  if (from.name !== to.name) {
    const message = `the bundles have different names, ${from.name} and ${to.name}: loading one does not replace the other`;
    emit({ kind: 'warning', message });
  } else if (to.sequence < from.sequence) {
    emit({
      kind: 'warning',
      message: `the second bundle is the older one: sequence ${to.sequence} after ${from.sequence}`,
      cure: 'give the installed bundle first; load refuses an older one without --allow-downgrade',
    });
  } else if (from.version === to.version && inventoryDigest !== digest) {
    emit({
      kind: 'warning',
      message: `two bundles are both called ${to.name} ${to.version}, and are not the same`,
      cure: 'give the new one a version of its own: load refuses it without --allow-downgrade',
    });
  }
}

async function secretKeys(from: Readable, to: Readable): Promise<string[] | null> {
  if (!from.read || !to.read) return null;
  const [older, newer] = [hashOf(from), hashOf(to)];
  if (older === undefined || newer === undefined || older === newer) return [];
  return changedSecretKeys(await from.read(secretPath), await to.read(secretPath));
}

function hashOf({ inventory: { files } }: Opened): string | undefined {
  return files.find(({ path }) => path === secretPath)?.sha256;
}
