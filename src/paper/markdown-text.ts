import { safeText } from '../report/safe.ts';

/**
 * A stranger's text as Markdown: its own characters, in one line, nothing of it markup, a link, a mention or the end of
 * a table's cell: what is written as an entity never is. To be put behind words of ours, as a line may begin with a
 * mark too.
 */
export function plain(text: string): string {
  return line(text)
    .replace(/[\\`*_~[\]<>|&#!$@]/g, entity)
    .replaceAll('://', '&#58;//')
    .replace(/\bwww\./gi, 'www&#46;');
}

/** The same as code, where only these three could end the code or the cell. */
export function code(text: string): string {
  const inner = line(text);
  if (inner === '') return '';
  return /[`|\\]/.test(inner) ? `<code>${plain(inner)}</code>` : `\`${inner}\``;
}

export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Nothing where there are no rows. Cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return [row(head), row(head.map(() => '---')), ...rows.map(row), ''];
}

function entity(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

function line(text: string): string {
  return safeText(text).replace(/\s+/g, ' ').trim();
}
