import { totalSize } from '../oci/descriptor.ts';
import type { Inventory, InventoryImage } from '../plan/inventory.ts';
import type { Problem } from '../plan/problem.ts';
import { targetRepositories } from '../plan/repositories.ts';
import { imageCount } from './image-count.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';
import { count, formatBytes } from './units.ts';

/** A plan for people: problems first, then every image with its placements, then the sums. */
export function planText({
  inventory,
  problems,
}: {
  inventory: Inventory;
  problems: readonly Problem[];
}): string {
  return [...problems.map(problemText), imagesText(inventory), sumsText(inventory)]
    .filter(Boolean)
    .join('\n\n');
}

/** `project` and `repository` lines: what must exist in registries that do not make it by themselves. */
export function repositoriesText(inventory: Inventory): string {
  const { projects, repositories } = targetRepositories(inventory);
  return [
    ...projects.map((name) => `project\t${name}\n`),
    ...repositories.map((name) => `repository\t${name}\n`),
  ].join('');
}

function problemText({ kind, severity, message, cure }: Problem): string {
  return safeText(`${severity}: ${kind}: ${message}\n  cure: ${cure}`);
}

function imagesText({ images }: Inventory): string {
  const rows = images.flatMap((image) => imageRows(image));
  return rows.length === 0
    ? ''
    : safeText(table([['IMAGE', 'DIGEST', 'PLATFORMS', 'ASKED FOR BY', 'PLACEMENT'], ...rows]));
}

/** What is attached to an image stands below it, by its kind. */
function imageRows({
  source,
  digest,
  platforms,
  placements,
  referrer,
}: InventoryImage): string[][] {
  const name = referrer ? `  + ${referrer.artifactType ?? 'referrer'}` : source;
  const about = [name, digest.slice(0, 19), platforms.join(',') || '-'];
  const [first, ...others] = placements;
  if (!first) return [[...about, '-', '(no rule maps it)']];
  return [
    [...about, first.askedForBy, first.reference],
    ...others.map(({ askedForBy, reference }) => ['', '', '', askedForBy, reference]),
  ];
}

function sumsText({ images, blobs, target }: Inventory): string {
  const placements = images.flatMap((image) => image.placements).length;
  const bytes = totalSize(blobs);
  return `${imageCount(images)}, ${count(placements, 'placement')} in ${target.endpoint}, ${count(blobs.length, 'unique blob')}, ${formatBytes(bytes)}`;
}
