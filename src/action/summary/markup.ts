import { safeText } from '../../report/safe.ts';

/**
 * Words as HTML. Names come from lists and registries: nothing in them is markup, nor a line of its own, nor a secret.
 */
export interface Markup {
  text(words: string): string;
  code(words: string): string;
  paragraph(...parts: readonly string[]): string;
  /** A table of cells that are markup already. */
  table(head: readonly string[], rows: readonly string[]): string[];
  row(cells: readonly string[]): string;
}

/** @param redact is applied before anything is escaped, as a secret could have a character that is */
export function markup(redact: (text: string) => string): Markup {
  const text = (words: string) => escaped(safeText(redact(words)));
  return {
    text,
    code: (words) => `<code>${text(words)}</code>`,
    paragraph: (...parts) => `<p>${parts.join('<br>')}</p>`,
    row: (cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
    table: (head, rows) => [
      `<table><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr>`,
      ...rows,
      '</table>',
    ],
  };
}

/** What is folded away until somebody looks. */
export function details(title: string, lines: readonly string[]): string[] {
  return ['<details>', `<summary>${title}</summary>`, ...lines, '</details>'];
}

/** As many parts as have room, and a word on those that have none. */
export function within(
  most: number,
  parts: readonly string[],
  more: (left: number) => string,
): string[] {
  let bytes = 0;
  const end = parts.findIndex((part) => {
    bytes += Buffer.byteLength(part) + 1;
    return bytes > most;
  });
  return end < 0 ? [...parts] : [...parts.slice(0, end), more(parts.length - end)];
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replace(/\s+/g, ' ');
}
