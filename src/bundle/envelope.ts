import * as z from 'zod';
import { AirgapError } from '../report/error.ts';
import type { PublicKey } from './keys.ts';
import { type Signer, signatureHolds } from './sign.ts';

/** What is signed in a DSSE envelope, and by whom (secure-systems-lab/dsse, envelope.md and protocol.md). */
export interface Envelope {
  readonly payload: Buffer;
  readonly signatures: readonly Buffer[];
}

/** Of an in-toto attestation (in-toto/attestation, spec/v1/envelope.md). */
const payloadType = 'application/vnd.in-toto+json';

/** A statement in its envelope: one line of a `.intoto.jsonl`. */
export function signEnvelope(statement: object, signer: Signer): string {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = signer.sign(preAuthentication(payload)).toString('base64');
  const signatures = [{ keyid: signer.keyId, sig }];
  return `${JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures })}\n`;
}

/** @throws AirgapError usage for anything but one envelope of an in-toto attestation */
export function parseEnvelope(text: string, path: string): Envelope {
  const { payload, signatures } = readForm(text, path);
  return {
    payload: Buffer.from(payload, 'base64'),
    signatures: signatures.map(({ sig }) => Buffer.from(sig, 'base64')),
  };
}

/**
 * The key of which the envelope has a signature. What its `keyid` says is no matter: it is not signed.
 * @throws AirgapError signature
 */
export function checkEnvelope(
  { payload, signatures }: Envelope,
  keys: readonly PublicKey[],
  revoked: readonly string[],
): PublicKey {
  const bytes = preAuthentication(payload);
  const signers = keys.filter((key) =>
    signatures.some((signature) => signatureHolds(key, bytes, signature)),
  );
  const key = signers.find(({ keyId }) => !revoked.includes(keyId));
  if (key) return key;
  throw signers[0] ? signedByRevoked(signers[0]) : noKeyFits(keys);
}

/** The bytes that the signature is over: DSSE's PAE, so that no reader takes them for another type. */
function preAuthentication(payload: Buffer): Buffer {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

const base64 = z.base64().min(1);
const form = z.looseObject({
  payloadType: z.literal(payloadType),
  payload: base64,
  signatures: z.array(z.looseObject({ sig: base64 })).min(1),
});

function readForm(text: string, path: string): z.infer<typeof form> {
  try {
    return form.parse(JSON.parse(text));
  } catch (cause) {
    throw notProvenance(path, 'no DSSE envelope of an in-toto attestation', cause);
  }
}

/** @param found what it is */
export function notProvenance(path: string, found: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', 'the provenance is of no form that is known', {
    given: `${path}: ${found}`,
    expected: 'one DSSE envelope with an in-toto Statement v1 that has SLSA provenance v1',
    next: 'give the NAME-VERSION.tar.intoto.jsonl that was made with the bundle',
    cause,
  });
}

function noKeyFits(keys: readonly PublicKey[]): AirgapError {
  return new AirgapError('signature', 'the signature of the provenance does not hold', {
    given: 'a signature by another key, or over other bytes',
    expected: `one by ${keys.map(({ keyId, type }) => `${type} ${keyId}`).join(' or ')}`,
    next: 'compare the key id with whoever made the bundle, and copy the provenance again',
  });
}

function signedByRevoked({ keyId }: PublicKey): AirgapError {
  return new AirgapError('signature', 'the provenance is signed with a revoked key', {
    given: keyId,
    expected: 'a key that is not revoked',
    next: 'get the bundle and its provenance anew, signed with the current key',
  });
}
