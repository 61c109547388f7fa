import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { marked, type Token, type Tokens } from 'marked';
import { expect, test } from 'vitest';
import { pages, root, textOf } from './page.ts';

const links = pages.flatMap((page) =>
  linksOf(page)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => ({ page, target })),
);

test.each(links)('$page leads to $target, which is there', ({ page, target }) => {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  expect(existsSync(join(root, file)), file).toBe(true);
  if (anchor) expect(anchorsOf(file)).toContain(anchor);
});

test('every page is led to from the table of contents', () => {
  const listed = linksOf('docs/README.md').map((target) =>
    join('docs', target.split('#')[0] ?? ''),
  );
  const docs = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(docs.filter((page) => !listed.includes(page))).toEqual([]);
});

function linksOf(page: string): string[] {
  const found: string[] = [];
  void marked.walkTokens(marked.lexer(textOf(page)), (token) => {
    if (token.type === 'link' || token.type === 'image') found.push((token as Tokens.Link).href);
  });
  return found;
}

/** As GitHub makes them of headings; and those that stand there as `<a id>`. */
function anchorsOf(page: string): string[] {
  const text = textOf(page);
  const headings = marked.lexer(text).filter((token): token is Tokens.Heading => isHeading(token));
  const written = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name);
  return [...headings.map((heading) => anchorOf(heading.text)), ...written];
}

const isHeading = (token: Token) => token.type === 'heading';

function anchorOf(heading: string): string {
  return heading
    .replace(/[`*]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
