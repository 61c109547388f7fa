import { basename, dirname } from 'node:path';
import type { CreateResult } from '../../commands/create.ts';
import { quoted } from '../../report/next.ts';
import type { ActionResult } from '../run.ts';
import type { Markup } from './markup.ts';

/** Where the files are, what they are held to, and how the other side verifies them. */
export function fileLines({ create, provenance }: ActionResult, html: Markup): string[] {
  if (!create) return [];
  return [
    '<h3>Carry these files</h3>',
    html.paragraph(`They are in ${html.code(dirname(create.bundle))}:`),
    ...html.table(['File', 'sha256'], rowsOf(create, provenance, html)),
    html.paragraph(
      create.keyId
        ? `Signed by key ${html.code(create.keyId)}. Its public key goes another way than the bundle. There:`
        : '<b>Not signed.</b> <code>load</code> and <code>install.sh</code> refuse it without <code>--allow-unsigned</code>. There:',
    ),
    `<pre><code>${html.text(verifyLine(create))}</code></pre>`,
  ];
}

function rowsOf(
  { bundle, parts, sha256, installScript }: CreateResult,
  provenance: string | undefined,
  html: Markup,
): string[] {
  const [only = bundle] = parts;
  const name = (path: string) => html.code(basename(path));
  const others = [`${bundle}.sha256`, installScript, ...(provenance ? [provenance] : [])];
  const ofWhole = ['of all parts together', html.code(sha256)];
  return [
    ...(parts.length > 1
      ? [...parts.map((part) => html.row([name(part), ''])), html.row(ofWhole)]
      : [html.row([name(only), html.code(sha256)])]),
    ...others.map((path) => html.row([name(path), ''])),
  ];
}

function verifyLine({ bundle, keyId, publicKey }: CreateResult): string {
  const name = basename(bundle);
  const trust = keyId ? `--key ${quoted(publicKey ?? 'NAME.pub')}` : '--allow-unsigned';
  const sums = quoted(`${name}.sha256`);
  return `sha256sum -c ${sums} && sh install.sh ${quoted(name)} ${trust} --only verify`;
}
