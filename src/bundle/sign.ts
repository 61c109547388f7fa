import { sign, verify } from 'node:crypto';
import { type KeyType, loadPrivateKey, type PublicKey } from './keys.ts';

export interface Signer {
  readonly keyId: string;
  readonly type: KeyType;
  /** Over the bytes as they are: 64 bytes for Ed25519; DER over SHA-256 for ECDSA, as openssl and cosign have it. */
  sign(bytes: Uint8Array): Buffer;
}

/** @throws AirgapError usage, io */
export async function loadSigner(path: string, passphrase?: string): Promise<Signer> {
  const { keyId, type, privateKey } = await loadPrivateKey(path, passphrase);
  return { keyId, type, sign: (bytes) => sign(hashOf(type), bytes, privateKey) };
}

export function signatureHolds(key: PublicKey, bytes: Uint8Array, signature: Buffer): boolean {
  return verify(hashOf(key.type), bytes, key.key, signature);
}

/** The body of `bundle.sig`. */
export function printSignature(signature: Buffer): Buffer {
  return Buffer.from(`${signature.toString('base64')}\n`);
}

/** @returns undefined for anything but the one spelling that `printSignature` writes: decoders are lenient. */
export function parseSignature(body: Buffer): Buffer | undefined {
  const signature = Buffer.from(body.toString('latin1').trimEnd(), 'base64');
  return signature.length > 0 && printSignature(signature).equals(body) ? signature : undefined;
}

/** Ed25519 hashes by itself. */
function hashOf(type: KeyType): string | null {
  return type === 'ed25519' ? null : 'sha256';
}
