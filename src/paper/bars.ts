import { html, type Markup } from './markup.ts';

/** A bar as wide as its place; the figure stands beside it in words. */
export function bar(value: number, most: number): Markup {
  const width = most > 0 ? Math.min(100, Math.max(0, (100 * value) / most)) : 0;
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="rest" width="100" height="4"></rect><rect class="fill" width="${width.toFixed(2)}" height="4"></rect></svg>`;
}
