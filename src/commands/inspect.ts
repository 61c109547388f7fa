import { resolve } from 'node:path';
import { readUnverified, type UnverifiedBundle } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { readKeyring, type TrustOptions } from './keyring.ts';

export interface InspectResult extends UnverifiedBundle {
  /** True: the key whose signature holds is among those that were named as revoked. */
  readonly revoked?: true;
}

/** `inspect`: what a bundle says of itself, and which of the given keys signed that. Its bodies are not checked. */
export async function runInspect(
  path: string,
  options: Pick<TrustOptions, 'keys' | 'revoked'>,
  context: Context,
): Promise<InspectResult> {
  const { keys, revoked } = await readKeyring(options, context);
  const bundle = await readUnverified(resolve(context.cwd, path), keys);
  if (bundle.size !== bundle.sizeByInventory) warnOfSize(bundle, context);
  return bundle.keyId && revoked.includes(bundle.keyId) ? { ...bundle, revoked: true } : bundle;
}

export function warnOfSize({ size, sizeByInventory }: UnverifiedBundle, { emit }: Context): void {
  emit({
    kind: 'warning',
    message: `the bundle is not complete as it lies here: ${size} bytes, by its inventory ${sizeByInventory}`,
    cure: 'copy it again, all its parts included; verify says what is wrong',
  });
}
