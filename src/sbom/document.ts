import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { safeJson } from '../report/safe.ts';
import type { Contents } from './contents.ts';

/** A JSON document with an element of its lists a line, so that two of them are compared by `diff`. */
export function printDocument(document: object): string {
  const fields = Object.entries(document).map(
    ([name, value]) =>
      `${JSON.stringify(name)}: ${Array.isArray(value) ? lines(value) : JSON.stringify(value)}`,
  );
  return safeJson(`{\n${fields.join(',\n')}\n}\n`);
}

function lines(elements: readonly unknown[]): string {
  const printed = elements.map((element) => JSON.stringify(element));
  return printed.length === 0 ? '[]' : `[\n${printed.join(',\n')}\n]`;
}

/**
 * A UUID that follows from what the document says (RFC 9562, version 8): the same contents have the same, and no other
 * contents have it.
 */
export function documentId(contents: Contents): string {
  const bytes = Buffer.from(hexOf(digestOf(Buffer.from(JSON.stringify(contents)))), 'hex');
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.subarray(0, 16).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @returns hex, and what it is the hash of by the words of CycloneDX; SPDX has no hyphen there */
export function hashOf(digest: Digest): {
  readonly alg: 'SHA-256' | 'SHA-512';
  readonly content: string;
} {
  const alg = digest.startsWith('sha512:') ? 'SHA-512' : 'SHA-256';
  return { alg, content: hexOf(digest) };
}
