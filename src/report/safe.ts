/** Control, format and direction characters, line separators among them; not tab and line feed. */
const unsafe = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text from elsewhere made harmless for a terminal: what it could hide or overwrite with is spelled out. */
export function safeText(text: string): string {
  return text.replace(unsafe, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
