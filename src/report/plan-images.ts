import { referenceIn } from '../oci/reference.ts';
import { groupBy } from '../plan/group-by.ts';
import type { Inventory, InventoryImage, Placement } from '../plan/inventory.ts';
import { isPullThrough, splitPlacement } from '../plan/repositories.ts';
import type { PlanSizes } from '../plan/sizes.ts';
import { safeText } from './safe.ts';
import type { Style } from './style.ts';
import { count, formatBytes } from './units.ts';

/** What stands in the columns of one image. */
interface Row {
  readonly image: InventoryImage;
  readonly name: string;
  readonly facts: string;
}

/** Every image with its size, digest, platforms and placements, a block a source registry. */
export function planImages(
  inventory: Inventory,
  sizes: PlanSizes | undefined,
  style: Style,
): string[] {
  const { images, target } = inventory;
  const columns = factColumns(images, sizes);
  const rows = images.map((image, at) => ({
    image,
    name: nameOf(image),
    facts: columns[at] ?? '',
  }));
  const width = nameWidth(rows, style);
  return [...groupBy(rows, ({ image }) => registryOf(image, images))].map(([registry, group]) =>
    [
      heading(registry, group, style),
      ...group.flatMap((row) => [
        ...imageLines(row, width, style),
        ...placementLines(row.image, target, style),
      ]),
    ].join('\n'),
  );
}

function heading(registry: string, rows: readonly Row[], style: Style): string {
  const own = rows.filter(({ image }) => !image.referrer).length;
  return `${style.paint('strong', registry)}${style.paint('dim', `  ${count(own, 'image')}`)}`;
}

/** What is attached to an image stands below it, by its kind. */
function nameOf({ source, referrer }: InventoryImage): string {
  return referrer ? `+ ${referrer.artifactType ?? 'referrer'}` : source;
}

/** Where an image comes from; what is attached to one comes from where it does, and stands behind it. */
function registryOf(image: InventoryImage, images: readonly InventoryImage[]): string {
  const at = images.indexOf(image);
  const own = image.referrer ? images.slice(0, at).findLast(({ referrer }) => !referrer) : image;
  return referenceIn(own?.source ?? image.source)?.registry ?? 'no registry';
}

/** Size, what is new of it, digest, platforms: aligned among each other. */
function factColumns(images: readonly InventoryImage[], sizes: PlanSizes | undefined): string[] {
  const rows = images.map(({ digest, platforms }) => [
    ...(sizes ? [formatBytes(sizes.images[digest] ?? 0)] : []),
    ...(sizes?.added ? [newWords(sizes.added[digest] ?? 0)] : []),
    digest.slice(0, 19),
    platformWords(platforms),
  ]);
  const width = (at: number) => Math.max(...rows.map((row) => row[at]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 && sizes ? cell.padStart(width(at)) : cell.padEnd(width(at))))
      .join('  ')
      .trimEnd(),
  );
}

function newWords(bytes: number): string {
  return bytes === 0 ? 'in the base' : `${formatBytes(bytes)} new`;
}

/** `linux/amd64,arm64`: the same system is said once. */
function platformWords(platforms: readonly string[]): string {
  if (platforms.length === 0) return '-';
  const systems = groupBy(platforms, (platform) => platform.split('/')[0] ?? '');
  return [...systems]
    .map(([system, of]) => `${system}/${of.map((one) => one.slice(system.length + 1)).join(',')}`)
    .join(' ');
}

/** As wide as the longest name; on a terminal no wider than leaves room for what stands behind it. */
function nameWidth(rows: readonly Row[], { columns }: Style): number {
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map(({ length }) => length));
  const names = longest(rows.map(({ name }) => name));
  if (columns === undefined) return names;
  return Math.min(names, Math.max(columns - 5 - longest(rows.map(({ facts }) => facts)), 4));
}

/** A name that is too long has a line of its own: it is never cut, so that it can be copied. */
function imageLines({ name, facts }: Row, width: number, style: Style): string[] {
  const behind = style.paint('dim', facts);
  const shown = safeText(name);
  if (shown.length <= width) return [`  ${shown.padEnd(width)}  ${behind}`];
  return [`  ${shown}`, `  ${' '.repeat(width)}  ${behind}`];
}

function placementLines(
  { placements }: InventoryImage,
  target: Inventory['target'],
  style: Style,
): string[] {
  if (placements.length === 0)
    return [`    ${style.paint('warning', 'left out: no rule maps it')}`];
  return placements.map((placement) => placementLine(placement, target, style));
}

/** Whoever asks is named where not both consumers do. The reference stands first: few are broken by a terminal then. */
function placementLine(
  { reference, askedForBy }: Placement,
  { pullThrough }: Inventory['target'],
  style: Style,
): string {
  const isProved = isPullThrough(splitPlacement(reference).repository, pullThrough);
  const notes = [askedForBy === 'both' ? '' : `for ${askedForBy}`, isProved ? 'pull-through' : ''];
  const note = notes.filter(Boolean).join(', ');
  return `    ${safeText(reference)}${note && `  ${style.paint('dim', note)}`}`;
}
