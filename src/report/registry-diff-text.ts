import type { RegistryDiff } from '../commands/diff-registry.ts';
import {
  aboutText,
  imageRow,
  imageSums,
  movedRow,
  oneCell,
  placementRow,
  section,
  short,
  shortSection,
} from './diff-parts.ts';
import { errorText } from './error-text.ts';
import { siteText } from './result-text.ts';
import { formatBytes } from './units.ts';

/** What the registry lacks of a bundle, and what a load would send. */
export function registryDiffText(diff: RegistryDiff): string {
  const { from, to, same, errors } = diff;
  return [
    `from  ${oneCell(from.registry)}`,
    ...(from.site ? [`      ${oneCell(siteText(from.site))}`] : []),
    ...aboutText('to', to),
    '',
    ...errors.map(errorText),
    ...(same
      ? [
          'every tag leads to the digest of the bundle (what lies below them: doctor, or load --deep)',
        ]
      : []),
    ...sums(diff),
    ...imageSections(diff),
    ...placementSections(diff),
  ].join('\n');
}

function sums(diff: RegistryDiff): string[] {
  const { added, moved, incomplete, unchanged } = diff.images;
  const words = imageSums([
    ['lacking', added.length],
    ['moved', moved.length],
    ['incomplete', incomplete.length],
    ['unchanged', unchanged],
  ]);
  return [`${words}; ${bytesWords(diff)}`, ...leftWords(diff)];
}

function bytesWords({ bytes: { carried, shared }, errors }: RegistryDiff): string {
  if (carried !== null && shared !== null)
    return `${formatBytes(carried)} to carry${shared > 0 ? `, ${formatBytes(shared)} there already` : ''}`;
  const why =
    errors.length > 0 ? 'the registry did not answer for all' : 'the bundle is a light one';
  return `how much is to carry cannot be known: ${why}`;
}

function leftWords({ bytes: { leftToBase }, to: { base } }: RegistryDiff): string[] {
  if (!leftToBase || !base) return [];
  const what = `${formatBytes(leftToBase)} are neither there nor in the bundle`;
  return [
    `${what}: load ${base.name} ${base.version} first, or take a bundle made without --since`,
  ];
}

function imageSections({ images: { added, moved, incomplete } }: RegistryDiff): string[] {
  return [
    ...section(
      'images that the registry lacks',
      added.map((image) => imageRow(image)),
    ),
    ...section(
      'images moved: the same reference, other content',
      moved.map(({ source, from, to }) => [source, short(from), `to ${short(to)}`]),
    ),
    ...section(
      'images that lack a reference',
      incomplete.map((image) => imageRow(image)),
    ),
  ];
}

/** Those of images that are not there at all follow from what stands above. */
function placementSections({ images, placements }: RegistryDiff): string[] {
  const lacking = new Set(images.added.map(({ source }) => source));
  const added = placements.added.filter(({ source }) => !lacking.has(source));
  return [
    ...shortSection('references that the registry lacks', added.map(placementRow)),
    ...shortSection('references moved', placements.moved.map(movedRow)),
    ...shortSection(
      'not served by a pull-through cache, which load does not write',
      placements.notServed.map(placementRow),
    ),
  ];
}
