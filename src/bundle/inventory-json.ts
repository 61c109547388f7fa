import type { Inventory } from '../plan/inventory.ts';
import { AirgapError, type ErrorClass } from '../report/error.ts';
import { inventoryFaults } from './inventory-rules.ts';
import { inventorySchema } from './inventory-schema.ts';

/** The largest `bundle.json` that is read, in bytes. */
export const inventoryLimit = 24 * 1024 * 1024;

/**
 * The exact bytes of `bundle.json`: a field a line, and in `images`, `files` and `blobs` an element a line, so that
 * sh can lift a hash by `sed`. Key order is the schema's, whatever the order in memory.
 * @throws AirgapError usage for an inventory that no bundle can have, such as one with an overlong path
 */
export function printInventory(inventory: Inventory): Buffer {
  const result = inventorySchema.safeParse(inventory);
  if (!result.success) throw refusal('usage', firstIssue(result.error.issues));
  const fields = Object.entries(result.data).map(
    ([name, value]) =>
      `${JSON.stringify(name)}: ${listedFields.has(name) ? lines(value) : JSON.stringify(value)}`,
  );
  const bytes = Buffer.from(`{\n${fields.join(',\n')}\n}\n`);
  if (bytes.length > inventoryLimit) throw refusal('usage', overLimit(bytes.length));
  return bytes;
}

/**
 * Reads an inventory as a person may have laid it out, and nothing that another reader could read differently: no unknown or duplicate field, no
 * number beyond 2^53-1 or with a fraction, no broken UTF-8. White space between the parts is free.
 * @param errorClass what a refusal is to the caller: `integrity` in a bundle, `usage` in a plan that a person gave
 */
export function parseInventory(bytes: Uint8Array, errorClass: ErrorClass = 'integrity'): Inventory {
  const refuse = (given: string, cause?: unknown) => refusal(errorClass, given, cause);
  if (bytes.length > inventoryLimit) throw refuse(overLimit(bytes.length));
  const text = decode(bytes, refuse);
  const result = inventorySchema.safeParse(parseJson(text, refuse));
  if (!result.success) throw refuse(firstIssue(result.error.issues));
  if (withoutWhitespace(text) !== JSON.stringify(result.data)) {
    throw refuse(otherSpelling);
  }
  const [fault] = inventoryFaults(result.data);
  if (fault !== undefined) throw refuse(fault);
  return result.data;
}

/** The lists that are printed an element a line. */
export const listedFields: ReadonlySet<string> = new Set(['images', 'files', 'blobs']);

export const otherSpelling =
  'a field twice, out of order, or a value that is not written in its shortest form';

export function overLimit(size: number): string {
  return `${size} bytes, over 24 MiB`;
}

function lines(value: unknown): string {
  const elements = (value as readonly unknown[]).map((element) => JSON.stringify(element));
  return elements.length === 0 ? '[]' : `[\n${elements.join(',\n')}\n]`;
}

export function refusal(errorClass: ErrorClass, given: string, cause?: unknown): AirgapError {
  return new AirgapError(errorClass, 'not a valid inventory', {
    given,
    next: 'use the version of airgap-bundle that made it, or the bundle.js that came with it; else copy it again',
    cause,
  });
}

type Refuse = (given: string, cause?: unknown) => AirgapError;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decode(bytes: Uint8Array, refuse: Refuse): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw refuse('not UTF-8', cause);
  }
}

export function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse(`not JSON: ${(cause as Error).message}`, cause);
  }
}

/**
 * What is read and printed again must be what was there: that one comparison finds duplicate keys (the last would
 * have won), 9007199254740993, 1e400, 1.0 and every other spelling that readers take differently.
 */
function withoutWhitespace(text: string): string {
  return text.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\r\n]+/g, '$1');
}

export function firstIssue(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  const [issue] = issues;
  return `${issue?.path.join('.') || 'the document'}: ${issue?.message}`;
}
