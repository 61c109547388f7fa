import type { Style } from './style.ts';

/**
 * Prose for a terminal's width: broken between words, further lines under the first. Words are never broken: a
 * reference or path is copied whole, and the terminal folds it.
 * @param indent columns that stand before each line
 * @param first columns that are taken of the first line already
 */
export function wrap(
  text: string,
  { columns, redact }: Style,
  indent: number,
  first = indent,
): string {
  if (columns === undefined || first + text.length < columns) return text;
  const lines: string[] = [];
  let line = '';
  let taken = first;
  for (const word of redact(text).split(' ')) {
    if (line !== '' && taken + line.length + 1 + word.length >= columns) {
      lines.push(line);
      [line, taken] = [word, indent];
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** What does not fit loses its beginning: the end of a reference tells more. */
export function keepEnd(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
