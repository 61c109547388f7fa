import { AirgapError } from '../report/error.ts';
import type { ArchiveHead } from './archive.ts';
import type { PublicKey } from './keys.ts';
import { parseSignature, signatureHolds } from './sign.ts';

export interface Trust {
  /** The keyring that was given; a key inside a bundle proves nothing. */
  readonly keys: readonly PublicKey[];
  /** Ids of keys whose signatures are refused though valid. */
  readonly revoked: readonly string[];
  readonly allowUnsigned: boolean;
  readonly allowExpired: boolean;
  readonly now: Date;
}

/** Whose signature was found good, and what was let pass by an override. */
export interface SignatureVerdict {
  readonly keyId: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Checks the signature over the raw bytes of `bundle.json`; nothing of them is parsed here. A signature that is there
 * is always checked when there is a key: `allowUnsigned` never excuses a wrong one, nor a malformed one.
 * @throws AirgapError signature
 */
export function checkSignature(head: ArchiveHead, trust: Trust): SignatureVerdict {
  if (!head.signature) return unsigned(trust);
  if (!parseSignature(head.signature)) throw malformed();
  if (trust.keys.length === 0) return unchecked();
  const key = findKey(head, trust.keys);
  if (!key) throw noKeyFits(trust.keys);
  if (trust.revoked.includes(key.keyId)) throw revoked(key);
  return { keyId: key.keyId, warnings: [] };
}

/** The key whose signature over the inventory's bytes is in the archive, if one of these is it. */
export function findKey(
  { inventory, signature }: ArchiveHead,
  keys: readonly PublicKey[],
): PublicKey | undefined {
  const bytes = signature && parseSignature(signature);
  return bytes && keys.find((key) => signatureHolds(key, inventory, bytes));
}

function unsigned({ allowUnsigned }: Trust): SignatureVerdict {
  if (allowUnsigned) {
    return {
      keyId: undefined,
      warnings: ['the bundle is unsigned; allowed by an explicit override'],
    };
  }
  throw new AirgapError('signature', 'the bundle is not signed', {
    given: 'no bundle.sig',
    expected: 'a signature by one of the given keys',
    next: 'get a signed bundle, or allow this one explicitly with --allow-unsigned',
  });
}

function unchecked(): SignatureVerdict {
  const warning =
    'the signature was not checked: no key was given; allowed by an explicit override';
  return { keyId: undefined, warnings: [warning] };
}

function malformed(): AirgapError {
  return new AirgapError('signature', 'the signature does not hold', {
    given: 'a malformed bundle.sig',
    expected: 'canonical base64 and one line break',
    next: 'copy the bundle again',
  });
}

function noKeyFits(keys: readonly PublicKey[]): AirgapError {
  return new AirgapError('signature', 'the signature does not hold', {
    given: 'a signature by another key, or over other bytes',
    expected: `one by ${keys.map(({ keyId, type }) => `${type} ${keyId}`).join(' or ')}`,
    next: 'compare the key id with whoever made the bundle, and copy the bundle again',
  });
}

function revoked({ keyId }: PublicKey): AirgapError {
  return new AirgapError('signature', 'the bundle is signed with a revoked key', {
    given: keyId,
    expected: 'a key that is not revoked',
    next: 'get a bundle that is signed with the current key',
  });
}
