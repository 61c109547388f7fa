import { AirgapError } from './error.ts';
import { errorJson } from './error-text.ts';
import { safeJson } from './safe.ts';

/** A result as one JSON document, failures inside it as their fields; harmless for a terminal. */
export function jsonText(result: unknown): string {
  const replace = (_: string, value: unknown) =>
    value instanceof AirgapError ? errorJson(value) : value;
  return `${safeJson(JSON.stringify(result, replace, 2))}\n`;
}
