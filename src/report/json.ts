import { AirgapError } from './error.ts';
import { errorJson } from './error-text.ts';

/** What JSON.stringify leaves as it is, and a terminal might obey or hide. */
const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A result as one JSON document, failures inside it as their fields; harmless for a terminal. */
export function jsonText(result: unknown): string {
  const replace = (_: string, value: unknown) =>
    value instanceof AirgapError ? errorJson(value) : value;
  const text = JSON.stringify(result, replace, 2).replace(unsafe, escaped);
  return `${text}\n`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
