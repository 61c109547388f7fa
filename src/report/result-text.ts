import type { SiteMark } from '../commands/at-site.ts';
import type { DeriveResult } from '../commands/derive.ts';
import type { InspectResult } from '../commands/inspect.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { InventoryBase } from '../plan/inventory.ts';
import { basePath } from '../plan/repositories.ts';
import { inventoryLines } from './carried-text.ts';
import { imageCount } from './image-count.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';
import { count, formatBytes } from './units.ts';

export function deriveText({ out, files, site, images }: DeriveResult): string {
  const lines = [
    ...files.map((file) => `${out}/${file}`),
    `${count(images.length, 'image')} for ${site.target}`,
    siteText(site),
  ];
  return safeText(lines.join('\n'));
}

export function siteText({ file, signedTarget }: SiteMark): string {
  return `NOT SIGNED: the target is that of ${file}; the bundle was made for ${signedTarget}`;
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
  const { base, shard } = inventory;
  return safeText(
    [
      `${path}: ${name} ${version}, sequence ${sequence}, made ${createdAt}${expiresAt ? `, expires ${expiresAt}` : ''}`,
      `${signatureWords(result)}; its contents were not verified (airgap-bundle verify does that)`,
      `for ${basePath(target)}, ${target.environment}`,
      `${imageCount(images)}, ${count(blobs.length, 'blob')}, ${count(files.length, 'file')}, ${formatBytes(size)}`,
      ...inventoryLines(inventory),
      ...(base ? [baseText(base)] : []),
      ...(shard ? [`shard ${shard.number}/${shard.count} of the plan ${shard.plan}`] : []),
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

export function aboutBase({
  name,
  version,
  sequence,
  inventoryDigest,
}: Omit<InventoryBase, 'blobs'>) {
  return `builds on ${name} ${version}, sequence ${sequence}, ${inventoryDigest}`;
}
