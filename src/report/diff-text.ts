import type { BundleDiff } from '../commands/diff.ts';
import type { MovedImage } from '../plan/image-difference.ts';
import {
  aboutText,
  imageRow,
  imageSums,
  movedRow,
  placementRow,
  section,
  short,
  shortSection,
} from './diff-parts.ts';
import { chartRows, contentRows, mapRows, platformList, targetRows } from './diff-rows.ts';
import { formatBytes } from './units.ts';

/** Two bundles side by side, for who has to approve the second. */
export function bundleDiffText(diff: BundleDiff): string {
  const { from, to, same } = diff;
  return [
    ...aboutText('from', from),
    ...aboutText('to', to, from),
    ...(hasOtherKey(diff) ? ['      signed by ANOTHER KEY than the first one'] : []),
    '',
    ...(same ? ['both install the same'] : []),
    ...sums(diff),
    ...imageSections(diff),
    ...placementSections(diff),
    ...section('chart', chartRows(diff)),
    ...section('target', targetRows(diff.target)),
    ...section('mirror map', mapRows(diff.target)),
    ...section('in the bundle', contentRows(diff)),
  ].join('\n');
}

function hasOtherKey({ from, to }: BundleDiff): boolean {
  return from.keyId !== null && to.keyId !== null && from.keyId !== to.keyId;
}

function sums({ images, bytes, to }: BundleDiff): string[] {
  const { added, removed, moved, unchanged } = images;
  const words = imageSums([
    ['added', added.length],
    ['removed', removed.length],
    ['moved', moved.length],
    ['unchanged', unchanged],
  ]);
  const { carried, shared, dropped } = bytes;
  if (carried === null || shared === null || dropped === null) {
    const light = to.carries === 'none' ? 'second' : 'first';
    return [`${words}; how much is to carry cannot be known: the ${light} bundle is a light one`];
  }
  return [
    `${words}; ${formatBytes(carried)} to carry`,
    `${formatBytes(shared)} are in both, ${formatBytes(dropped)} are no longer needed`,
  ];
}

function imageSections({ images: { added, removed, moved } }: BundleDiff): string[] {
  const inPlace = new Map(added.map(({ source, replaces }) => [replaces, source]));
  return [
    ...section(
      'images added',
      added.map((image) =>
        imageRow(image, image.replaces === null ? '' : `in place of ${image.replaces}`),
      ),
    ),
    ...section(
      'images removed',
      removed.map((image) => {
        const by = inPlace.get(image.source);
        return imageRow(image, by === undefined ? '' : `in its place ${by}`);
      }),
    ),
    ...section('images moved: the same name, other content', moved.map(movedImageRow)),
  ];
}

function movedImageRow({ source, from, to, cause, platforms }: MovedImage): string[] {
  const why = cause === 'tag' ? [] : ['the same at its source'];
  const kept = platforms
    ? [`${platformList(platforms.from)} to ${platformList(platforms.to)}`]
    : [];
  return [source, short(from), `to ${short(to)}`, [...why, ...kept].join(', ')];
}

/** Those that do not follow from the images that were added, removed or moved. */
function placementSections({ images, placements }: BundleDiff): string[] {
  return [
    ...shortSection('references added', untold(placements.added, images.added).map(placementRow)),
    ...shortSection(
      'references removed (load leaves them in the registry)',
      untold(placements.removed, images.removed).map(placementRow),
    ),
    ...shortSection('references moved', untold(placements.moved, images.moved).map(movedRow)),
  ];
}

interface Named {
  readonly source: string;
}

function untold<T extends Named>(placements: readonly T[], images: readonly Named[]): T[] {
  const told = new Set(images.map(({ source }) => source));
  return placements.filter(({ source }) => !told.has(source));
}
