import type { Holder } from './holder.ts';
import type { Trail } from './mention.ts';

/** The text of a scalar, out of the base64 of a Secret's or ConfigMap's data; undefined for what is no text. */
export function decoded(
  value: string,
  holder: Holder,
  trail: Trail | undefined,
): string | undefined {
  return isEncoded(holder, trail) ? textIn(value) : value;
}

function isEncoded({ object, isSecret }: Holder, trail: Trail | undefined): boolean {
  const field = trail?.up;
  if (!object || !field || field.up) return false;
  return (isSecret && field.key === 'data') || field.key === 'binaryData';
}

function textIn(base64: string): string | undefined {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  return text.includes('\0') || text.includes('\uFFFD') ? undefined : text;
}

/** A text that speaks of images or kinds, and is more than a word. */
export function mayBeDocument(text: string): boolean {
  if (!/image|"?kind"?\s*:|"?apiVersion"?\s*:/i.test(text)) return false;
  return /^\s*[{[]/.test(text) || /\n./.test(text.trimEnd()) || /^\s*[\w-]+:\s/.test(text);
}
