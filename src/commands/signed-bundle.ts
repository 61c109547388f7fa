import { resolve } from 'node:path';
import { openSigned, type SignedBundle } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { readSite } from '../inputs/site.ts';
import type { Inventory } from '../plan/inventory.ts';
import { type AtSite, atSite } from './at-site.ts';
import { readTrust, type TrustOptions } from './keyring.ts';

/** A bundle of which the signature was checked, and the inventory as it is where it is to be. */
export interface Opened {
  readonly bundle: SignedBundle;
  readonly inventory: Inventory;
  /** Only with a site file. */
  readonly at?: AtSite;
}

export interface OpenOptions {
  readonly trust: TrustOptions;
  /** Path of a site file. */
  readonly site?: string | undefined;
}

/**
 * Opens a bundle for what only needs to know what it says, with the warnings told, and closes it after `work`.
 * @throws AirgapError or Failures of class usage, signature, integrity, policy, io; what `work` throws
 */
export async function withSignedBundle<T>(
  path: string,
  options: OpenOptions,
  context: Context,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const site = options.site === undefined ? undefined : await readSite(options.site, context);
  const trust = await readTrust(options.trust, context);
  const bundle = await openSigned(resolve(context.cwd, path), trust);
  try {
    for (const message of bundle.warnings) context.emit({ kind: 'warning', message });
    if (!site) return await work({ bundle, inventory: bundle.inventory });
    const at = await atSite(bundle, site, context);
    return await work({ bundle, inventory: at.inventory, at });
  } finally {
    await bundle.close();
  }
}
