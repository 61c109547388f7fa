import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeKey, type KeyType } from '../bundle/keys.ts';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

export interface KeygenOptions {
  /** Where the private key goes, relative to the context's folder; `.pub` in place of `.key` for the public one. */
  readonly out: string;
  readonly type: KeyType;
}

export interface KeygenResult {
  /** Absolute path, mode 0600. */
  readonly privateKey: string;
  /** Absolute path. */
  readonly publicKey: string;
  /** SHA-256 of the public key's SPKI DER in hex: read it aloud to whoever gets the key. */
  readonly keyId: string;
  readonly type: KeyType;
}

/**
 * Makes a key pair: PKCS#8 and SPKI in PEM; AIRGAP_BUNDLE_KEY_PASSPHRASE encrypts the private key.
 * @throws AirgapError usage when a file is there already; io
 */
export async function runKeygen(options: KeygenOptions, context: Context): Promise<KeygenResult> {
  const privateKey = resolve(context.cwd, options.out);
  const publicKey = `${privateKey.replace(/\.key$/, '')}.pub`;
  const key = generateKey(options.type);
  const spki = createPublicKey(key);
  await writeNew(privateKey, privatePem(key, context.env.AIRGAP_BUNDLE_KEY_PASSPHRASE), 0o600);
  try {
    await writeNew(publicKey, spki.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
  } catch (error) {
    await rm(privateKey);
    throw error;
  }
  return { privateKey, publicKey, keyId: describeKey(spki, publicKey).keyId, type: options.type };
}

function generateKey(type: KeyType): KeyObject {
  return type === 'ed25519'
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

function privatePem(key: KeyObject, passphrase: string | undefined): string {
  const encryption = passphrase ? { cipher: 'aes-256-cbc', passphrase } : {};
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { mode, flag: 'wx', flush: true });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(path);
    throw new AirgapError('io', 'the key cannot be written', {
      given: `${path}: ${(cause as NodeJS.ErrnoException).code}`,
      next: 'give --out a path in a folder that you may write to',
      cause,
    });
  }
}

function alreadyThere(path: string): AirgapError {
  return new AirgapError('usage', 'there is a file already; keys are never overwritten', {
    given: path,
    expected: 'a path where nothing is',
    next: 'choose another --out, or move the old pair away',
  });
}
