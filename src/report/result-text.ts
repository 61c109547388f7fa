import type { SiteMark } from '../commands/at-site.ts';
import type { CreateResult } from '../commands/create.ts';
import type { DeriveResult } from '../commands/derive.ts';
import type { InspectResult } from '../commands/inspect.ts';
import type { KeygenResult } from '../commands/keygen.ts';
import type { LoadResult } from '../commands/load.ts';
import type { PlacedResult } from '../commands/transferring.ts';
import type { VerifyResult } from '../commands/verify.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { InventoryBase } from '../plan/inventory.ts';
import { basePath } from '../plan/repositories.ts';
import { carriedLines, inventoryLines } from './carried-text.ts';
import { errorText } from './error-text.ts';
import { imageCount } from './image-count.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';
import { count, formatBytes } from './units.ts';

const stateWords = {
  copied: 'copied',
  placed: 'placed by mounts',
  there: 'there already',
  proved: 'served by a pull-through cache',
  failed: 'failed',
} as const;

/** The end of `mirror` and `load`: every placement with its state, what failed and why, the sums. */
export function placedText(result: PlacedResult): string {
  const rows = result.images.flatMap(({ source, placements }) =>
    placements.map(({ reference, state }) => [state, source, reference]),
  );
  const sums = Object.entries(stateWords)
    .filter(([state]) => result.counts[state])
    .map(([state, words]) => `${result.counts[state]} ${words}`);
  return [
    safeText(table(rows)),
    ...result.errors.map(errorText),
    `${result.target}: ${count(rows.length, 'placement')}: ${sums.join(', ') || 'nothing to do'}`,
    ...(result.errors.length > 0 ? ['run the same command again to go on'] : []),
  ].join('\n');
}

/** A target that is not signed stands at the end too, where it is read. */
export function loadText(result: LoadResult): string {
  const { site } = result;
  return [placedText(result), ...(site ? [siteText(site)] : [])].join('\n');
}

export function deriveText({ out, files, site, images }: DeriveResult): string {
  return [
    ...files.map((file) => `${out}/${file}`),
    `${count(images.length, 'image')} for ${site.target}`,
    siteText(site),
  ].join('\n');
}

export function siteText({ file, signedTarget }: SiteMark): string {
  return `NOT SIGNED: the target is that of ${file}; the bundle was made for ${signedTarget}`;
}

export function createText({
  bundle,
  parts,
  sha256,
  size,
  installScript,
  reused,
  resumed,
  base,
  leftOut,
  keyId,
  inventory,
}: CreateResult): string {
  return [
    `${filesText(bundle, parts)}  ${formatBytes(size)}, ${imageCount(inventory.images)}`,
    `${bundle}.sha256  ${parts.length > 1 ? 'a line a part; all of them together: ' : ''}${sha256}`,
    installScript,
    ...(base
      ? [`a delta to ${base.name} ${base.version}: ${formatBytes(leftOut)} left to it`]
      : []),
    ...inventoryLines(inventory),
    ...(resumed > 0 ? [`${formatBytes(resumed)} were there from the run before`] : []),
    ...(reused > 0 ? [`${formatBytes(reused)} came from the older bundle`] : []),
    keyId ? `signed by key ${keyId}` : 'NOT SIGNED: load refuses it without --allow-unsigned',
    '',
    keyId
      ? 'carry these files, install.sh and the public key by another way than the bundle; then run'
      : 'carry these files; then run',
    `  sh install.sh ${inventory.name}-${inventory.version}.tar ${keyId ? '--key NAME.pub' : '--allow-unsigned'}`,
  ].join('\n');
}

/** The first and the last of the parts stand for all. */
function filesText(bundle: string, parts: readonly string[]): string {
  const [first = bundle, last = first] = [parts[0], parts.at(-1)];
  return first === last ? first : `${first} to ${last.slice(bundle.length)}`;
}

export function keygenText({ privateKey, publicKey, keyId, type }: KeygenResult): string {
  return [
    `${privateKey}  private ${type} key: keep it where bundles are made`,
    `${publicKey}  public key: bring it to the jump host by another way than the bundle`,
    `key id ${keyId}`,
  ].join('\n');
}

export function verifyText(result: VerifyResult): string {
  const { bundle, name, version, sequence, createdAt, keyId, base, images, size } = result;
  return [
    `${bundle}: ${name} ${version}, sequence ${sequence}, made ${createdAt}`,
    `every byte is as its inventory says (${formatBytes(size)}, ${count(images, 'image')})`,
    ...(base ? [`a delta: ${aboutBase(base)}, must be in the target already`] : []),
    ...carriedLines(result),
    keyId
      ? `signed by key ${keyId}`
      : 'NOT SIGNED, or not checked: allowed by an explicit override',
  ].join('\n');
}

function signatureWords({ signed, keyId, revoked }: InspectResult): string {
  if (!signed) return 'not signed';
  if (revoked) return `signed by key ${keyId}, which is REVOKED`;
  if (keyId === null) return 'signed, but NOT by a key that was given';
  return keyId ? `signed by key ${keyId}` : 'signed; by whom was not checked';
}

export function inspectText(result: InspectResult): string {
  const { inventory, path, size } = result;
  const { name, version, sequence, createdAt, expiresAt, target, images, files, blobs } = inventory;
  const { base } = inventory;
  return safeText(
    [
      `${path}: ${name} ${version}, sequence ${sequence}, made ${createdAt}${expiresAt ? `, expires ${expiresAt}` : ''}`,
      `${signatureWords(result)}; its contents were not verified (airgap-bundle verify does that)`,
      `for ${basePath(target)}, ${target.environment}`,
      `${imageCount(images)}, ${count(blobs.length, 'blob')}, ${count(files.length, 'file')}, ${formatBytes(size)}`,
      ...inventoryLines(inventory),
      ...(base ? [baseText(base)] : []),
      table(
        images.flatMap(({ source, digest, placements }) =>
          placements.map(({ reference }) => [`  ${source}`, digest.slice(0, 19), reference]),
        ),
      ),
    ].join('\n'),
  );
}

function baseText(base: InventoryBase): string {
  const { blobs } = base;
  return `a delta: ${aboutBase(base)}: ${count(blobs.length, 'blob')}, ${formatBytes(totalSize(blobs))}, must be in the target already`;
}

function aboutBase({ name, version, sequence, inventoryDigest }: Omit<InventoryBase, 'blobs'>) {
  return `builds on ${name} ${version}, sequence ${sequence}, ${inventoryDigest}`;
}
