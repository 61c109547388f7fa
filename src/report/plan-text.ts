import type { LockResult } from '../commands/pins.ts';
import type { PlanResult } from '../commands/plan.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { Coverage } from '../plan/coverage.ts';
import type { Inventory, InventoryImage } from '../plan/inventory.ts';
import type { Problem } from '../plan/problem.ts';
import { targetRepositories } from '../plan/repositories.ts';
import { imageCount } from './image-count.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';
import { count, formatBytes } from './units.ts';

/** A plan for people: problems first, then every image with its placements, then the sums. */
export function planText({ inventory, problems, coverage, lock }: PlanResult): string {
  return [
    ...problems.map(problemText),
    imagesText(inventory),
    unusedText(coverage),
    ...(lock ? [lockText(lock)] : []),
    sumsText(inventory),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function unusedText({ unusedRules }: Coverage): string {
  if (unusedRules.length === 0) return '';
  return safeText(`no image needs these entries of the map: ${unusedRules.join(', ')}`);
}

/** Where the lock lies, and how it differs from the one before. */
function lockText(lock: LockResult): string {
  const { path, name, version, sequence, moved, added, removed, isReattached } = lock;
  const rows = [
    ...moved.map(({ image, from, to }) => [
      'moved',
      image,
      `${from.slice(0, 19)} to ${to.slice(0, 19)}`,
    ]),
    ...added.map((image) => ['locked', image]),
    ...removed.map((image) => ['dropped', image]),
  ];
  const changed = rows.length === 0 ? 'the same images' : `${count(rows.length, 'image')} changed`;
  const sum = `${changed}${isReattached ? ', others attached to them' : ''}`;
  return safeText(
    [
      `${path}: ${name} ${version}, sequence ${sequence}, ${sum}`,
      ...(rows.length > 0 ? [table(rows)] : []),
    ].join('\n'),
  );
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
