import { basename } from 'node:path';
import type { CreateResult } from '../commands/create.ts';
import type { KeygenResult } from '../commands/keygen.ts';
import type { ProvenanceResult } from '../commands/provenance.ts';
import type { VerifyResult } from '../commands/verify.ts';
import type { Inventory } from '../plan/inventory.ts';
import { carriedLines, inventoryLines } from './carried-text.ts';
import { imageCount } from './image-count.ts';
import { command, type Given, hasCopiedKeys, keyWords, nextText, quoted } from './next.ts';
import { leftOutLines } from './placed-text.ts';
import { aboutBase } from './result-text.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { count, formatBytes } from './units.ts';
import { wrap } from './wrap.ts';

/** The end of `create`: the files, what is in them and what is not, and what to do with them. */
export function createText(result: CreateResult, style: Style = plainStyle): string {
  const { bundle, parts, sha256, size, installScript, inventory, keyId } = result;
  const images = inventory.imagesNotEmbedded ? 'no images' : imageCount(travelling(inventory));
  return [
    `${style.paint('done', 'done:')} ${safeText(filesText(bundle, parts))}  ${formatBytes(size)}, ${images}`,
    `  ${safeText(`${bundle}.sha256`)}`,
    ...(parts.length > 1 ? ['    a line a part; all of them together:'] : []),
    `    ${sha256}`,
    `  ${safeText(installScript)}`,
    ...contentLines(result, style),
    signedLine(keyId, style),
    ...nextOfCreate(result, style),
  ].join('\n');
}

function travelling({ images }: Inventory) {
  return images.filter(({ placements }) => placements.length > 0);
}

function contentLines(
  { inventory, base, leftOut, resumed, reused }: CreateResult,
  style: Style,
): string[] {
  const unmapped = inventory.images.filter(({ placements, referrer }) => {
    return placements.length === 0 && !referrer;
  });
  const lines = [
    ...(inventory.imagesNotEmbedded
      ? ['a light bundle: its images must be in the target, by mirror']
      : []),
    ...(base
      ? [`a delta to ${base.name} ${base.version}: ${formatBytes(leftOut)} left to it`]
      : []),
    ...inventoryLines(inventory),
    ...(resumed > 0 ? [`${formatBytes(resumed)} were there from the run before`] : []),
    ...(reused > 0 ? [`${formatBytes(reused)} came from the older bundle`] : []),
  ];
  const sources = unmapped.map(({ source }) => source);
  return [
    ...lines.map((line) => `  ${wrap(safeText(line), style, 4, 2)}`),
    ...leftOutLines(sources, style),
  ];
}

function signedLine(keyId: string | null, style: Style): string {
  if (keyId) return `  signed by key ${keyId}`;
  return style.paint('warning', '  NOT SIGNED: load refuses it without --allow-unsigned');
}

/** The public key must not come on the way that the bundle comes on. */
function nextOfCreate({ bundle, keyId, publicKey }: CreateResult, style: Style): string[] {
  const install = `sh install.sh ${quoted(basename(bundle))}`;
  if (!keyId)
    return nextText('carry these files; then run', [`${install} --allow-unsigned`], style);
  const words = wrap(
    'carry these files, install.sh and the public key by another way than the bundle; then run',
    style,
    6,
  );
  return nextText(words, [`${install} --key ${quoted(publicKey ?? 'NAME.pub')}`], style);
}

/** The first and the last of the parts stand for all. */
function filesText(bundle: string, parts: readonly string[]): string {
  const [first = bundle, last = first] = [parts[0], parts.at(-1)];
  return first === last ? first : `${first} to ${last.slice(bundle.length)}`;
}

/** The end of `keygen`: which file goes where. */
export function keygenText(result: KeygenResult, style: Style = plainStyle): string {
  const { privateKey, publicKey, keyId, type } = result;
  return [
    `${style.paint('done', 'done:')} a key pair, ${type}, key id ${keyId}`,
    `  ${safeText(privateKey)}`,
    '    private: keep it secret, where bundles are made',
    `  ${safeText(publicKey)}`,
    '    public: bring it to the jump host by another way than the bundle',
    ...nextText('name the private key in bundle.yaml; its path starts there', [], style),
    `  ${style.paint('strong', `signing: { key: ${yamlText(basename(privateKey))} }`)}`,
  ].join('\n');
}

/** A text as YAML has it between braces; JSON's way is one of its ways. */
function yamlText(text: string): string {
  return /^[A-Za-z_][\w-]*\.[A-Za-z]+$/.test(text) ? text : JSON.stringify(text);
}

/** The end of `verify`: what was proved, and what the bundle wants next. */
export function verifyText(
  result: VerifyResult,
  style: Style = plainStyle,
  given: Given = {},
): string {
  const { bundle, name, version, sequence, createdAt, keyId, base, images, size } = result;
  const { provenance } = result;
  return [
    safeText(`${bundle}: ${name} ${version}, sequence ${sequence}, made ${createdAt}`),
    `${style.paint('done', 'done:')} every byte is as its inventory says (${formatBytes(size)}, ${count(images, 'image')})`,
    ...(base ? [`a delta: ${safeText(aboutBase(base))}, must be in the target already`] : []),
    ...carriedLines(result),
    keyId
      ? `signed by key ${keyId}`
      : style.paint('warning', 'NOT SIGNED, or not checked: allowed by an explicit override'),
    ...(provenance ? [safeText(provenanceWords(provenance))] : []),
    ...nextOfVerify(given, style),
  ].join('\n');
}

function provenanceWords({ builder, invocation, keyId }: ProvenanceResult): string {
  const run = invocation ? ` in ${invocation}` : '';
  return `made by ${builder}${run}, as key ${keyId} says`;
}

function nextOfVerify(given: Given, style: Style): string[] {
  const { bundle, keys = [] } = given;
  if (bundle === undefined || keys.length === 0 || hasCopiedKeys(given)) return [];
  const words = [quoted(bundle), keyWords(given)];
  return nextText(
    'install it, or only bring its images into the registry',
    [`sh install.sh ${words.join(' ')}`, command('load', ...words)],
    style,
  );
}
