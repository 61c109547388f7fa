import { html, type Markup, type Part } from './markup.ts';
import type { Verdict } from './report.ts';

/** A cell, or one with more in it than a text. */
export type Cell = Part;

export interface TableParts {
  readonly caption: Part;
  readonly head: readonly string[];
  /** The first cell heads its row. */
  readonly rows: readonly (readonly Cell[] | RowOfClass)[];
  /** Class that gives its columns their widths. */
  readonly kind?: string;
}

export interface RowOfClass {
  readonly kind: string;
  readonly cells: readonly Cell[];
}

/** Nothing where there are no rows. On a narrow screen each cell stands below its heading. */
export function table({ caption, head, rows, kind = 'plain' }: TableParts): Markup {
  if (rows.length === 0) return html``;
  return html`<table class="${kind}">
<caption>${caption}</caption>
<colgroup>${head.map(() => html`<col>`)}</colgroup>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => tableRow(row, head))}</tbody>
</table>
`;
}

function tableRow(row: TableParts['rows'][number], head: readonly string[]): Markup {
  const { kind, cells } = 'cells' in row ? row : { kind: undefined, cells: row };
  const [first, ...others] = cells;
  const tag = kind ? html`<tr class="${kind}">` : html`<tr>`;
  const rest = others.map((cell, at) =>
    cell === '' ? html`<td></td>` : html`<td data-label="${head[at + 1]}">${cell}</td>`,
  );
  return html`${tag}<th scope="row">${first}</th>${rest}</tr>
`;
}

/** A part of the page that the navigation leads to. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

export function sections(parts: readonly Section[]): Markup {
  return html`${parts.map(
    ({ id, title, body }) => html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${body}</section>
`,
  )}`;
}

export function navigation(parts: readonly Section[]): Markup {
  return html`<nav aria-label="On this page"><ul>
${parts.map(
  ({ id, title }) => html`<li><a href="#${id}">${title}</a></li>
`,
)}</ul></nav>
`;
}

export function facts(pairs: readonly (readonly [string, Part])[]): Markup {
  return html`<dl>
${pairs.map(
  ([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>
`,
)}</dl>
`;
}

/** The first few stand there, the others are folded away; paper shows all. */
export function folded(parts: readonly Part[], most: number): Markup {
  const line = (part: Part) => html`<span class="line">${part}</span>`;
  const [shown, more] = [parts.slice(0, most), parts.slice(most)];
  if (more.length === 0) return html`${shown.map(line)}`;
  return html`${shown.map(line)}<details><summary>and ${more.length} more</summary>${more.map(line)}</details>`;
}

const marks: Readonly<Record<Verdict['state'], string>> = {
  good: 'M6.2 11.4 2.9 8.1l1.2-1.2 2.1 2.1 5.7-5.7 1.2 1.2z',
  attention: 'M7 2h2v8H7zM7 12h2v2H7z',
  bad: 'm3.5 4.7 1.2-1.2L8 6.8l3.3-3.3 1.2 1.2L9.2 8l3.3 3.3-1.2 1.2L8 9.2l-3.3 3.3-1.2-1.2L6.8 8z',
};

/** The state is said in words and by a sign, not by colour alone. */
export function verdictBox(
  state: Verdict['state'],
  words: string,
  points: readonly string[],
): Markup {
  return html`<div class="verdict ${state}">
<p class="state"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="${marks[state]}"></path></svg>${words}</p>
<ul>
${points.map(
  (point) => html`<li>${point}</li>
`,
)}</ul>
</div>
`;
}
