import type { BundleDiff } from '../commands/diff.ts';
import type { MovedImage } from '../plan/image-difference.ts';
import { imageSums } from '../report/diff-parts.ts';
import { chartRows, contentRows, mapRows, platformList, targetRows } from '../report/diff-rows.ts';
import { count, formatBytes } from '../report/units.ts';
import {
  aboutFacts,
  byteBars,
  diffPage,
  imageTable,
  movedPlacements,
  movedTable,
  placementTable,
  trustPoints,
  wordTable,
} from './diff-parts.ts';
import { html, type Markup } from './markup.ts';
import type { Point } from './verdict.ts';

/** `diff A B --output html`: two bundles side by side, for who has to approve the second. */
export function bundleDiffHtml(diff: BundleDiff): string {
  const { from, to } = diff;
  return diffPage({
    title:
      from.name === to.name
        ? `${to.name}: ${from.version} to ${to.version}`
        : `${from.name} ${from.version} to ${to.name} ${to.version}`,
    points: pointsOf(diff),
    sides: [
      { name: 'The first bundle', facts: aboutFacts(from) },
      { name: 'The second bundle', facts: aboutFacts(to) },
    ],
    sections: [
      { id: 'bytes', title: 'Bytes', body: bytes(diff) },
      { id: 'images', title: 'Images', body: images(diff) },
      { id: 'references', title: 'References in the target', body: references(diff) },
      { id: 'target', title: 'Target and map', body: target(diff) },
      { id: 'contents', title: 'In the bundle', body: contents(diff) },
    ],
  });
}

function pointsOf(diff: BundleDiff): Point[] {
  const { from, to, same } = diff;
  const alarms = targetRows(diff.target).flatMap(([, , , alarm]) => (alarm ? [alarm] : []));
  return [
    same
      ? { state: 'good', message: 'both install the same' }
      : { state: 'attention', message: sums(diff) },
    ...trustPoints('the first bundle', from),
    ...trustPoints('the second bundle', to),
    ...(hasOtherKey(diff)
      ? [{ state: 'bad', message: 'the second is signed by ANOTHER KEY than the first' } as const]
      : []),
    ...alarms.map((message): Point => ({ state: 'bad', message })),
    ...(diff.credentials?.to === 'embed'
      ? [
          {
            state: 'attention',
            message: 'the second has the pull credential IN CLEAR TEXT',
          } as const,
        ]
      : []),
  ];
}

function hasOtherKey({ from, to }: BundleDiff): boolean {
  return from.keyId !== null && to.keyId !== null && from.keyId !== to.keyId;
}

function sums({ images: { added, removed, moved, unchanged }, bytes: { carried } }: BundleDiff) {
  const words = imageSums([
    ['added', added.length],
    ['removed', removed.length],
    ['moved', moved.length],
    ['unchanged', unchanged],
  ]);
  return `${words}; ${carried === null ? 'how much is to carry is not known' : `${formatBytes(carried)} to carry`}`;
}

function bytes({ bytes: { carried, shared, dropped } }: BundleDiff): Markup {
  if (carried === null || shared === null || dropped === null)
    return html`<p>Not known: a light bundle does not say what its images are made of.</p>
`;
  return byteBars('Manifests, configs and layers, each once', [
    ['to carry: the first bundle has not got them', carried],
    ['in both', shared],
    ['no longer needed', dropped],
  ]);
}

function images({ images: { added, removed, moved } }: BundleDiff): Markup {
  const inPlace = new Map(added.map(({ source, replaces }) => [replaces, source]));
  const replaced = new Map(added.map(({ source, replaces }) => [source, replaces]));
  const note = (words: string, other: string | null | undefined) =>
    other ? [`${words} ${other}`] : [];
  return html`${imageTable('Added', added, ({ source }) => note('in place of', replaced.get(source)))}${imageTable('Removed', removed, ({ source }) => note('in its place', inPlace.get(source)))}${movedTable('Moved: the same name, other content', moved.map(movedRow))}`;
}

function movedRow({ source: name, from, to, cause, platforms }: MovedImage) {
  const notes = [
    ...(cause === 'tag' ? [] : ['the same at its source']),
    ...(platforms ? [`${platformList(platforms.from)} to ${platformList(platforms.to)}`] : []),
  ];
  return { name, from, to, note: notes.join(', ') };
}

/** Most of them follow from the images, so they are folded away. */
function references({ placements: { added, removed, moved } }: BundleDiff): Markup {
  const number = added.length + removed.length + moved.length;
  if (number === 0) return html``;
  return html`<details>
<summary>${count(added.length, 'reference')} added, ${removed.length} removed, ${moved.length} moved</summary>
${placementTable('Added', added)}${placementTable('Removed; load leaves them in the registry', removed)}${movedTable('Moved: a tag that is written anew', movedPlacements(moved))}</details>
`;
}

function target({ target: found }: BundleDiff): Markup {
  return html`${wordTable('Target', ['Field', 'From', 'To', 'Note'], targetRows(found))}${wordTable('Mirror map', ['Change', 'Entry', 'Now'], mapRows(found))}`;
}

function contents(diff: BundleDiff): Markup {
  const chart = chartRows(diff).map((row) => ['chart', ...row]);
  return wordTable(
    'Chart, files and platforms',
    ['What', 'Which', 'More'],
    [...chart, ...contentRows(diff)],
  );
}
