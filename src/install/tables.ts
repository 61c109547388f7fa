import { utcSeconds } from '../inputs/time.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory, InventoryBase, InventoryImage } from '../plan/inventory.ts';
import { bundleRepository, isPullThrough, splitPlacement } from '../plan/repositories.ts';
import { AirgapError } from '../report/error.ts';
import type { Chart } from './chart.ts';
import { secretData } from './secret.ts';
import type { SiteTarget } from './values.ts';

/** The inventory before its files and blobs are known: those hang on what is written here. */
export type InventoryHead = Omit<Inventory, 'files' | 'blobs'>;

/** The release and the namespace that the page installs the chart into. */
export const release = { name: 'image-swap', namespace: 'default' };

/**
 * `images.tsv`: a line a placement, `digest, media type, repository, tag, push | prove, source`. The host of all is
 * `endpoint` of settings.tsv; `prove` is a pull-through cache, which is only asked.
 */
export function imagesTable(inventory: InventoryHead): Buffer {
  return table(inventory.images.flatMap((image) => placementRows(image, inventory)));
}

function placementRows(image: InventoryImage, inventory: InventoryHead): string[][] {
  return image.placements.map(({ reference }) => {
    const { repository, tag } = splitPlacement(reference);
    const how = isPullThrough(repository, inventory.target.pullThrough) ? 'prove' : 'push';
    const inTarget = inEndpoint(repository, inventory);
    return [image.digest, image.mediaType, inTarget, tag, how, image.source];
  });
}

/**
 * `base.tsv`, in a delta: a line a blob that its base brought, `digest, size, repositories` (with spaces between) into
 * which it goes, where it may be if it is not in the base's bundle repository.
 */
export function baseTable(
  { blobs }: InventoryBase,
  homes: ReadonlyMap<Digest, readonly string[]>,
  inventory: InventoryHead,
): Buffer {
  const rows = blobs.map(({ digest, size }) => {
    const repositories = (homes.get(digest) ?? []).map((home) => inEndpoint(home, inventory));
    return [digest, String(size), repositories.join(' ')];
  });
  return table(rows);
}

/**
 * `settings.tsv`: `key, value` lines, all that install.sh knows of this bundle. A key may be there more than once
 * (`root`) or not at all; what may hold line breaks (`caCert`, `secret.…`) is base64.
 */
export function settingsTable(inventory: InventoryHead, target: SiteTarget, chart?: Chart): Buffer {
  return table([
    ['format', '1'],
    ...identityRows(inventory),
    ...registryRows(inventory),
    ...rootRows(inventory),
    ...baseRows(inventory),
    ...(chart === undefined ? [] : chartRows(chart)),
    ...Object.entries(secretData(target)).map(([key, value]) => [`secret.${key}`, base64(value)]),
  ]);
}

function identityRows(inventory: InventoryHead): string[][] {
  return [
    ['tool', `${inventory.tool.name} ${inventory.tool.version}`],
    ['name', inventory.name],
    ['version', inventory.version],
    ['sequence', String(inventory.sequence)],
    ['createdAt', inventory.createdAt],
    ['notBefore', dayBefore(inventory.createdAt)],
    ...(inventory.expiresAt === undefined ? [] : [['expiresAt', inventory.expiresAt]]),
    ['environment', inventory.target.environment],
  ];
}

/** A host whose clock is earlier than this has a wrong clock; sh cannot subtract a day. */
function dayBefore(time: string): string {
  const day = 24 * 60 * 60 * 1000;
  return utcSeconds(new Date(Date.parse(time) - day));
}

function registryRows({ target }: InventoryHead): string[][] {
  return [
    ['endpoint', target.endpoint],
    ['plainHttp', String(target.plainHttp)],
    ['insecureSkipVerify', String(target.insecureSkipVerify)],
    ...(target.caCert === undefined ? [] : [['caCert', base64(target.caCert)]]),
  ];
}

/** Each root with the tag that keeps it in the bundle repository. */
function rootRows(inventory: InventoryHead): string[][] {
  const { root, moreRoots = [], version: tag } = inventory;
  const roots = root === undefined ? [] : [root, ...moreRoots];
  return [
    ['imagesEmbedded', String(inventory.imagesNotEmbedded !== true)],
    ['bundleRepository', inEndpoint(bundleRepository(inventory), inventory)],
    ...roots.map(({ digest }, n) => ['root', `${digest} ${n === 0 ? tag : `${tag}-${n + 1}`}`]),
  ];
}

/** What a delta builds on, and where loading that put its blobs. */
function baseRows(inventory: InventoryHead): string[][] {
  const { base, target } = inventory;
  if (base === undefined) return [];
  const { name, version, inventoryDigest } = base;
  return [
    ['baseName', name],
    ['baseVersion', version],
    ['baseInventory', inventoryDigest],
    ['baseRepository', inEndpoint(bundleRepository({ target, name }), inventory)],
  ];
}

function chartRows(chart: Chart): string[][] {
  return [
    ['release', release.name],
    ['namespace', release.namespace],
    ['chart', `chart/${chart.fileName}`],
    ...credentialRows(chart),
  ];
}

/** Where the pull credential goes: into a Secret of ours, or into these of the chart's values. */
function credentialRows({ pullSecret, spelling }: Chart): string[][] {
  if (typeof pullSecret === 'object') return [['pullSecret', pullSecret.name]];
  return [
    ['registryKey', spelling === 'nested' ? 'config.ociImageRegistry' : 'ociImageRegistry'],
    ...(pullSecret === undefined ? [] : [['pullSecretKey', 'config.imagePullSecret']]),
  ];
}

function inEndpoint(whole: string, { target }: InventoryHead): string {
  const host = `${target.endpoint}/`;
  if (!whole.startsWith(host)) throw new Error(`${whole} is not in ${target.endpoint}`);
  return whole.slice(host.length);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function table(rows: readonly (readonly string[])[]): Buffer {
  for (const value of rows.flat()) refuseControls(value);
  return Buffer.from(rows.map((row) => `${row.join('\t')}\n`).join(''));
}

function refuseControls(value: string): void {
  if (!/[\p{Cc}\p{Surrogate}]/u.test(value)) return;
  throw new AirgapError('usage', 'a name has a control character in it', {
    given: JSON.stringify(value),
    expected: 'names without tabs, line breaks and other control characters',
  });
}
