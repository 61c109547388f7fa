import { resolve } from 'node:path';
import { loadPublicKey, parseKeyId } from '../bundle/keys.ts';
import type { Trust } from '../bundle/verify.ts';
import type { Context } from '../context.ts';

/** What a person decided to trust, and what to let pass. */
export interface TrustOptions {
  /** Files of public keys. */
  readonly keys: readonly string[];
  /** Ids of keys whose signatures are refused though valid. */
  readonly revoked: readonly string[];
  readonly allowUnsigned: boolean;
  readonly allowExpired: boolean;
}

export async function readTrust(options: TrustOptions, context: Context): Promise<Trust> {
  const keys = await Promise.all(
    options.keys.map((path) => loadPublicKey(resolve(context.cwd, path))),
  );
  const revoked = options.revoked.map(parseKeyId);
  const { allowUnsigned, allowExpired } = options;
  return { keys, revoked, allowUnsigned, allowExpired, now: context.now() };
}
