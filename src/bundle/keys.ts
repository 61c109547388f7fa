import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AirgapError } from '../report/error.ts';

/** The two kinds of key that sign a bundle. The algorithm follows from the key, never from the bundle. */
export type KeyType = 'ed25519' | 'ecdsa-p256';

export interface PublicKey {
  /** SHA-256 of the key's SPKI DER, lower-case hex. */
  readonly keyId: string;
  readonly type: KeyType;
  readonly key: KeyObject;
}

export interface PrivateKey extends PublicKey {
  readonly privateKey: KeyObject;
}

/** Reads an SPKI PEM file, as `keygen`, openssl and cosign write it. @throws AirgapError usage, io */
export async function loadPublicKey(path: string): Promise<PublicKey> {
  const pem = await readPem(
    path,
    'get the .pub file from whoever made the bundle; correct the path',
  );
  if (pem.includes('PRIVATE KEY')) {
    throw wrongFile(
      path,
      'a private key',
      'give the .pub file beside it; keep the private key where bundles are made',
    );
  }
  if (!/^-----BEGIN PUBLIC KEY-----$/m.test(pem)) throw wrongFile(path, 'no PUBLIC KEY in PEM');
  return describeKey(
    understood(path, () => createPublicKey(pem)),
    path,
  );
}

/**
 * Reads a PKCS#8 PEM file.
 * @param passphrase for an encrypted key; ignored for one that is not
 * @throws AirgapError usage, io
 */
export async function loadPrivateKey(path: string, passphrase?: string): Promise<PrivateKey> {
  const pem = await readPem(
    path,
    'correct the path; `airgap-bundle keygen --out NAME.key` makes a pair',
  );
  if (!/^-----BEGIN (ENCRYPTED |EC )?PRIVATE KEY-----$/m.test(pem)) {
    const next = 'give the .key file; `airgap-bundle keygen --out NAME.key` makes a pair';
    throw wrongFile(path, 'no PRIVATE KEY in PEM', next);
  }
  if (pem.includes('ENCRYPTED') && !passphrase) {
    throw new AirgapError('usage', 'the key is encrypted, and no passphrase is given', {
      given: path,
      next: 'set AIRGAP_BUNDLE_KEY_PASSPHRASE',
    });
  }
  const privateKey = understood(path, () =>
    createPrivateKey({ key: pem, passphrase: passphrase ?? '' }),
  );
  return { ...describeKey(createPublicKey(privateKey), path), privateKey };
}

/** As `keygen` and `verify` print it, or its digits alone. */
export function isKeyId(text: string): boolean {
  return /^(SHA256:)?[0-9a-f]{64}$/.test(text);
}

/** Reads a key id as a person gives it: a mistyped one would revoke nothing. @throws AirgapError usage */
export function parseKeyId(text: string): string {
  if (isKeyId(text)) return text.replace('SHA256:', '');
  throw new AirgapError('usage', 'not a key id', {
    given: text,
    expected: '64 lower-case hex digits, as `keygen` and `verify` print them',
  });
}

/** @throws AirgapError usage for anything but Ed25519 and P-256 */
export function describeKey(key: KeyObject, path: string): PublicKey {
  const keyId = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  if (key.asymmetricKeyType === 'ed25519') return { keyId, type: 'ed25519', key };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1')
    return { keyId, type: 'ecdsa-p256', key };
  throw wrongFile(path, [key.asymmetricKeyType, curve].filter(Boolean).join(' '));
}

async function readPem(path: string, next: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const errorClass = code === 'ENOENT' || code === 'EISDIR' ? 'usage' : 'io';
    throw new AirgapError(errorClass, 'the key file cannot be read', {
      given: `${path}: ${code}`,
      expected: 'a PEM file',
      next,
      cause,
    });
  }
}

function understood(path: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (cause) {
    const next =
      'to sign give the .key file, and its passphrase in AIRGAP_BUNDLE_KEY_PASSPHRASE; to verify the .pub file';
    throw wrongFile(
      path,
      'a key that does not open: of the other kind, damaged, or a wrong passphrase',
      next,
      cause,
    );
  }
}

function wrongFile(path: string, found: string, next?: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', 'the key file does not hold the key that is needed', {
    given: `${path}: ${found}`,
    expected: 'an Ed25519 or ECDSA P-256 key in PEM',
    next: next ?? 'make a pair with `airgap-bundle keygen --out NAME.key`',
    cause,
  });
}
