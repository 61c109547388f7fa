import { join } from 'node:path';

/** A file of the repository that is written from the code. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  text(): string;
}

export function pathOf({ path }: Page): string {
  return join(import.meta.dirname, '..', '..', path);
}

/** The first lines of a page for people. */
export function heading(title: string, source: string): string {
  return `# ${title}\n\nThis page is generated from ${source} by \`npm run docs\`; a test holds it to them.\n`;
}

/** A table in Markdown; a bar in a cell would end it. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}
