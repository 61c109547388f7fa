import { stripVTControlCharacters } from 'node:util';

/** Control, format and direction characters, line separators among them; not tab and line feed. */
const unsafe = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text from elsewhere made harmless for a terminal: what it could hide or overwrite with is spelled out. */
export function safeText(text: string): string {
  return text.replace(unsafe, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** The same for a JSON document, which stays one: JSON.stringify leaves most of them as they are. */
export function safeJson(text: string): string {
  return text.replace(unsafe, (character) =>
    character.replace(
      /[\s\S]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );
}

/**
 * What somebody else's program or server says, made fit for a message: one line, no escape sequences nor control
 * characters, not long.
 * @param most characters
 */
export function oneLine(text: string, most = 300): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
