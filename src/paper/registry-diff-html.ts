import type { RegistryDiff } from '../commands/diff-registry.ts';
import { imageSums } from '../report/diff-parts.ts';
import type { errorJson } from '../report/error-text.ts';
import { formatBytes } from '../report/units.ts';
import {
  aboutFacts,
  byteBars,
  diffPage,
  imageTable,
  movedPlacements,
  movedTable,
  placementTable,
  trustPoints,
} from './diff-parts.ts';
import { code, html, type Markup, type Part } from './markup.ts';
import { table } from './parts.ts';
import type { Point } from './verdict.ts';

/** With its failures as data. */
export type ShownRegistryDiff = Omit<RegistryDiff, 'errors'> & {
  readonly errors: readonly ReturnType<typeof errorJson>[];
};

/** `diff BUNDLE --registry --output html`: what loading the bundle changes in its registry. */
export function registryDiffHtml(diff: ShownRegistryDiff): string {
  const { from, to } = diff;
  return diffPage({
    title: `${from.registry} to ${to.name} ${to.version}`,
    points: pointsOf(diff),
    sides: [
      { name: 'The registry', facts: registryFacts(from) },
      { name: 'The bundle', facts: aboutFacts(to) },
    ],
    sections: [
      { id: 'failures', title: 'What the registry did not answer', body: failures(diff) },
      { id: 'bytes', title: 'Bytes', body: bytes(diff) },
      { id: 'images', title: 'Images', body: images(diff) },
      { id: 'references', title: 'References in the registry', body: references(diff) },
    ],
  });
}

function pointsOf({ same, errors, from: { site }, to, ...diff }: ShownRegistryDiff): Point[] {
  return [
    ...(errors.length > 0
      ? [{ state: 'bad', message: 'the registry did not answer for all' } as const]
      : []),
    same
      ? { state: 'good', message: 'every tag leads to the digest of the bundle' }
      : { state: 'attention', message: sums(diff) },
    ...trustPoints('the bundle', to),
    ...(site
      ? [
          {
            state: 'attention',
            message: `the target comes from a site file and is NOT SIGNED; the bundle was made for ${site.signedTarget}`,
          } as const,
        ]
      : []),
  ];
}

function sums({ images, bytes: { carried, leftToBase } }: Pick<RegistryDiff, 'images' | 'bytes'>) {
  const words = imageSums([
    ['lacking', images.added.length],
    ['moved', images.moved.length],
    ['incomplete', images.incomplete.length],
    ['unchanged', images.unchanged],
  ]);
  const left = leftToBase ? `; ${formatBytes(leftToBase)} are neither there nor in the bundle` : '';
  return `${words}; ${carried === null ? 'how much is to carry is not known' : `${formatBytes(carried)} to carry`}${left}`;
}

function registryFacts({ registry, site }: RegistryDiff['from']): [string, Part][] {
  return [
    ['Registry', code(registry)],
    ...(site ? [['Named by', code(site.file)] as [string, Part]] : []),
  ];
}

function failures({ errors }: ShownRegistryDiff): Markup {
  return table({
    caption: 'The images of these are in none of the lists',
    head: ['Failure', 'Found', 'What to do'],
    rows: errors.map(({ message, given, next }) => [message, given ?? '', next ?? '']),
  });
}

function bytes({ bytes: { carried, shared } }: ShownRegistryDiff): Markup {
  if (carried === null || shared === null) return html``;
  return byteBars('Configs and layers of the images that lack something', [
    ['to carry', carried],
    ['there already', shared],
  ]);
}

function images({ images: { added, moved, incomplete } }: ShownRegistryDiff): Markup {
  const none = () => [];
  const rows = moved.map(({ source: name, from, to }) => ({ name, from, to }));
  return html`${imageTable('Lacking', added, none)}${movedTable('Moved: the same reference, other content', rows)}${imageTable('Lacking a reference', incomplete, none)}`;
}

function references({ placements: { added, moved, notServed } }: ShownRegistryDiff): Markup {
  return html`${placementTable('Lacking', added)}${movedTable('Moved', movedPlacements(moved))}${placementTable('Not served by a pull-through cache, which load does not write', notServed)}`;
}
