import { createHash } from 'node:crypto';
import { html, type Markup, ourOwn } from './markup.ts';
import { styleSheet } from './style.ts';

export interface PageParts {
  /** For the window and the heading. */
  readonly title: string;
  readonly body: Markup;
  readonly footer: Markup;
}

const styleHash = createHash('sha256').update(styleSheet).digest('base64');

/** Whatever slipped in as markup could do nothing: no script runs, nothing is loaded, no other style holds. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;

/** Longer ones are cut by who shows them. */
const mostOfTitle = 70;

/** A whole document that needs nothing but itself. */
export function page({ title, body, footer }: PageParts): string {
  const { text } = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${[...title].slice(0, mostOfTitle).join('')}</title>
<style>${ourOwn(styleSheet)}</style>
</head>
<body>
${body}
<footer>${footer}</footer>
</body>
</html>
`;
  return text;
}
