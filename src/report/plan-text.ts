import type { LockResult } from '../commands/pins.ts';
import type { PlanResult } from '../commands/plan.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { Coverage } from '../plan/coverage.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { Problem } from '../plan/problem.ts';
import { targetRepositories } from '../plan/repositories.ts';
import { imageCount } from './image-count.ts';
import { command, fileWords, type Given, nextText, planWords, quoted } from './next.ts';
import { planImages } from './plan-images.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { table } from './table.ts';
import { count, formatBytes } from './units.ts';
import { wrap } from './wrap.ts';

/** A plan for people: problems first, then every image with its placements, then the sums. */
export function planText(result: PlanResult, style: Style = plainStyle, given?: Given): string {
  const { inventory, problems, coverage, lock, sizes } = result;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  return [
    ...[...errors, ...warnings].map((problem) => problemText(problem, style)),
    ...planImages(inventory, sizes, style),
    unusedText(coverage, style),
    ...(lock ? [lockText(lock)] : []),
    [
      ...sumsLines(inventory, sizes?.shared ?? 0, style),
      ...verdict(errors.length, warnings.length, style),
      ...(errors.length === 0 && given ? nextLines(inventory, given, style) : []),
    ].join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function problemText({ kind, severity, message, cure }: Problem, style: Style): string {
  const label = `${severity}:`;
  const words = safeText(`${kind}: ${message}`);
  return [
    `${style.paint(severity, label)} ${wrap(words, style, label.length + 1)}`,
    `${style.paint('dim', '  cure:')} ${wrap(safeText(cure), style, 8)}`,
  ].join('\n');
}

function unusedText({ unusedRules }: Coverage, style: Style): string {
  if (unusedRules.length === 0) return '';
  const words = `no image needs these entries of the map: ${unusedRules.join(', ')}`;
  return wrap(safeText(words), style, 2, 0);
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

function sumsLines({ images, blobs, target, base }: Inventory, shared: number, style: Style) {
  const placements = images.flatMap((image) => image.placements).length;
  const where = `${imageCount(images)}, ${count(placements, 'placement')} in ${target.endpoint}`;
  const bytes = `${count(blobs.length, 'unique blob')}, ${formatBytes(totalSize(blobs))}`;
  return [
    style.paint('strong', wrap(`${where}, ${bytes}`, style, 2, 0)),
    ...(shared > 0 ? [`${formatBytes(shared)} less than without shared layers`] : []),
    ...(base
      ? [
          `a delta: ${formatBytes(totalSize(base.blobs))} more are left to ${safeText(`${base.name} ${base.version}`)}`,
        ]
      : []),
  ];
}

function verdict(errors: number, warnings: number, { paint }: Style): string[] {
  const told = warnings > 0 ? paint('warning', count(warnings, 'warning')) : '';
  if (errors === 0) return told ? [told] : [];
  const refused = paint('error', `${count(errors, 'error')}: mirror and create refuse this plan`);
  return [[refused, told].filter(Boolean).join(', ')];
}

function nextLines({ imagesNotEmbedded }: Inventory, given: Given, style: Style): string[] {
  const file = fileWords(given);
  const plan = planWords(given);
  const light = imagesNotEmbedded ? '--without-images' : undefined;
  const since = given.since === undefined ? undefined : `--since ${quoted(given.since)}`;
  return nextText(
    'fill the target from here, or write the bundle',
    [command('mirror', file, plan), command('create', file, plan, light, since, '-o out')],
    style,
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
