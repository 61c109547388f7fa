import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { checkEnvelope, type Envelope, parseEnvelope } from '../bundle/envelope.ts';
import { parseProvenance, requireSubject } from '../bundle/provenance.ts';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import { Window } from '../bundle/window.ts';
import type { Context } from '../context.ts';
import { readText } from '../inputs/files.ts';
import { AirgapError } from '../report/error.ts';
import { type Keyring, readKeyring, type TrustOptions } from './keyring.ts';

/** Where a bundle was made, as whoever signed it says. */
export interface ProvenanceResult {
  /** Absolute path. */
  readonly file: string;
  readonly builder: string;
  /** The run; null where it is not told. */
  readonly invocation: string | null;
  readonly keyId: string;
  /** Of the whole bundle, hex. */
  readonly sha256: string;
}

/** A provenance that was read, but not yet believed. */
export interface ReadProvenance extends Keyring {
  readonly file: string;
  readonly envelope: Envelope;
}

/** Before the bundle is read, which takes longer. @throws AirgapError usage, io */
export async function readProvenance(
  path: string,
  trust: TrustOptions,
  context: Context,
): Promise<ReadProvenance> {
  const keyring = await readKeyring(trust, context);
  if (keyring.keys.length === 0) throw noKey();
  const file = resolve(context.cwd, path);
  const text = await readText(file, 'the provenance');
  return { ...keyring, file, envelope: parseEnvelope(text, file) };
}

/**
 * Believes a provenance by its signature, and holds the bundle to it. Nothing of it is looked at before.
 * @throws AirgapError signature, usage for a statement of another form, integrity for one about another bundle
 */
export async function checkProvenance(
  { file, envelope, keys, revoked }: ReadProvenance,
  bundle: VerifiedBundle,
  context: Context,
): Promise<ProvenanceResult> {
  const { keyId } = checkEnvelope(envelope, keys, revoked);
  const provenance = parseProvenance(envelope.payload, file);
  context.emit({ kind: 'step', name: `hashing ${bundle.path}, for its provenance` });
  const sha256 = await hashOf(bundle, context);
  requireSubject(provenance, sha256, file);
  const { builder, metadata } = provenance.predicate.runDetails;
  return { file, builder: builder.id, invocation: metadata?.invocationId ?? null, keyId, sha256 };
}

/** From the file that was verified, its parts one after the other. @throws AirgapError integrity, io */
async function hashOf({ volume, size }: VerifiedBundle, { signal }: Context): Promise<string> {
  const hash = createHash('sha256');
  const window = new Window(volume);
  for (let position = 0; position < size; ) {
    signal.throwIfAborted();
    const bytes = await window.read(position, size - position);
    hash.update(bytes);
    position += bytes.length;
  }
  return hash.digest('hex');
}

function noKey(): AirgapError {
  return new AirgapError('usage', '--provenance is given, but no --key', {
    expected: 'the public key of whoever made the bundle, which has signed its provenance too',
    next: 'give it with --key NAME.pub',
  });
}
