import { resolve } from 'node:path';
import { loadPublicKey, type PublicKey } from '../bundle/keys.ts';
import { readRevoked } from '../bundle/revoked.ts';
import type { Trust } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

/** What a person decided to trust, and what to let pass. */
export interface TrustOptions {
  /** Files of public keys. */
  readonly keys: readonly string[];
  /** Keys whose signatures are refused though valid: ids, or files (`readRevoked`). */
  readonly revoked: readonly string[];
  readonly allowUnsigned: boolean;
  readonly allowExpired: boolean;
}

/** The keys themselves. */
export interface Keyring {
  readonly keys: readonly PublicKey[];
  /** Ids. */
  readonly revoked: readonly string[];
}

/** @throws AirgapError usage, io */
export async function readKeyring(
  { keys, revoked }: Pick<TrustOptions, 'keys' | 'revoked'>,
  { cwd }: Context,
): Promise<Keyring> {
  if (revoked.length > 0 && keys.length === 0) throw revokedOfNone();
  return {
    keys: await Promise.all(keys.map((path) => loadPublicKey(resolve(cwd, path)))),
    revoked: await readRevoked(revoked, cwd),
  };
}

/** @throws AirgapError usage, io */
export async function readTrust(options: TrustOptions, context: Context): Promise<Trust> {
  const { allowUnsigned, allowExpired } = options;
  const keyring = await readKeyring(options, context);
  return { ...keyring, allowUnsigned, allowExpired, now: context.now() };
}

/** Without a key nobody can tell whose a signature is. */
function revokedOfNone(): AirgapError {
  return new AirgapError('usage', '--revoked is given, but no --key', {
    expected: 'the keys that are trusted, those that are revoked among them or not',
    next: 'give the public key with --key NAME.pub',
  });
}
