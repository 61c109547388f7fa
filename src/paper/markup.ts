import { safeText } from '../report/safe.ts';

/** HTML that is made of our own words and of escaped texts; only `html` and `ourOwn` make any. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = string | number | Markup | undefined | readonly Part[];

/** A template whose values are texts of strangers, in an element or in a quoted attribute; Markup stays as it is. */
export function html(words: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(String.raw({ raw: words }, ...parts.map(textOf)));
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escaped(String(part));
}

/** What could hide or turn a text around is spelled out; a lone surrogate would be no UTF-8. */
function escaped(text: string): string {
  return safeText(text.replace(/\p{Surrogate}/gu, '\uFFFD'))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A text of this program alone, whose quotes must stay, such as a style sheet. */
export function ourOwn(text: string): Markup {
  return new Markup(text);
}

export function code(text: string): Markup {
  return html`<code>${text}</code>`;
}

export function muted(text: Part): Markup {
  return html`<span class="muted">${text}</span>`;
}

/** Parts below each other. */
export function lines(parts: readonly Part[]): Markup {
  return html`${parts.map((part) => html`<span class="line">${part}</span>`)}`;
}
