import { basename } from 'node:path';
import type { BundleAbout } from '../commands/bundle-about.ts';
import type { ListedImage, MovedPlacement, PlacedImage } from '../plan/image-difference.ts';
import { count, formatBytes } from '../report/units.ts';
import { bar } from './bars.ts';
import { code, html, lines, type Markup, muted, type Part } from './markup.ts';
import { page } from './page.ts';
import {
  type Cell,
  facts,
  navigation,
  type Section,
  sections,
  table,
  verdictBox,
} from './parts.ts';
import type { Point } from './verdict.ts';
import { worst } from './verdict.ts';
import { verdictWords } from './words.ts';

export interface DiffPage {
  readonly title: string;
  readonly points: readonly Point[];
  /** Both sides, each with its facts. */
  readonly sides: readonly { readonly name: string; readonly facts: [string, Part][] }[];
  readonly sections: readonly Section[];
}

/** A comparison in the looks of a report. */
export function diffPage({ title, points, sides, sections: all }: DiffPage): string {
  const parts = all.filter(({ body }) => body.text !== '');
  const state = worst(points);
  return page({
    title,
    body: html`<header>
<h1>${title}</h1>
${verdictBox(
  state,
  verdictWords[state],
  points.map(({ message }) => message),
)}${parts.length > 0 ? navigation(parts) : ''}</header>
<main>
${sides.map(
  (side) => html`<section aria-label="${side.name}"><h2>${side.name}</h2>
${facts(side.facts)}</section>
`,
)}${sections(parts)}</main>`,
    footer: html`Compared by what the inventories say; the contents of a bundle are verified by airgap-bundle verify.`,
  });
}

export function aboutFacts(about: BundleAbout): [string, Part][] {
  const { path, name, version, sequence, createdAt, expiresAt, isExpired, size, digest, base } =
    about;
  return [
    ['File', code(basename(path))],
    ['Name and version', `${name} ${version}, sequence ${sequence}`],
    ['Made', createdAt],
    ['Expires', `${isExpired ? 'EXPIRED ' : ''}${expiresAt ?? 'never'}`],
    ['Signature', about.keyId ? lines(['signed by key', code(about.keyId)]) : unsignedWords(about)],
    ['Size', `${formatBytes(size)}, ${count(about.images, 'image')}`],
    ...(base ? [['Builds on', `${base.name} ${base.version}`] as [string, Part]] : []),
    ['Inventory', code(digest)],
  ];
}

function unsignedWords({ signed }: BundleAbout): string {
  return signed ? 'by whom was not checked' : 'NOT SIGNED';
}

/** How far what a bundle says can be believed. */
export function trustPoints(role: string, about: BundleAbout): Point[] {
  const { verified, signed, isExpired, expiresAt, keyId } = about;
  const trust: Point = verified
    ? { state: 'good', message: `${role} is signed by key ${keyId}` }
    : signed
      ? { state: 'attention', message: `${role} was NOT VERIFIED: no key was given` }
      : { state: 'bad', message: `${role} is NOT SIGNED` };
  return [
    trust,
    ...(isExpired ? [{ state: 'bad', message: `${role} EXPIRED on ${expiresAt}` } as const] : []),
  ];
}

export function imageTable(caption: string, images: readonly ListedImage[], note: Note): Markup {
  return table({
    caption,
    head: ['Image', 'Digest', 'Platforms', 'In the target'],
    rows: images.map((image) => [
      lines([code(image.source), ...note(image).map(muted)]),
      code(image.digest),
      image.platforms.join(', ') || '-',
      image.placements.length > 0 ? lines(image.placements.map(code)) : 'no rule maps it',
    ]),
    kind: 'compared',
  });
}

type Note = (image: ListedImage) => readonly string[];

/** Older and newer digest of what has kept its name. */
export function movedTable(
  caption: string,
  moved: readonly { readonly name: string; from: string; to: string; readonly note?: string }[],
): Markup {
  return table({
    caption,
    head: ['Name', 'From', 'To'],
    rows: moved.map(({ name, from, to, note }) => [
      lines([code(name), ...(note ? [muted(note)] : [])]),
      code(from),
      code(to),
    ]),
    kind: 'moved',
  });
}

export function placementTable(caption: string, placed: readonly PlacedImage[]): Markup {
  return table({
    caption,
    head: ['Reference', 'Image', 'Digest'],
    rows: placed.map(({ reference, source, digest }) => [
      code(reference),
      code(source),
      code(digest),
    ]),
  });
}

export function movedPlacements(moved: readonly MovedPlacement[]) {
  return moved.map(({ reference: name, from, to }) => ({ name, from, to }));
}

/** Rows as the comparison in words has them: some have fewer cells. */
export function wordTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Markup {
  const filled = rows.map((row): Cell[] => head.map((_, at) => row[at] ?? ''));
  return table({ caption, head, rows: filled });
}

export function byteBars(caption: string, sums: readonly (readonly [string, number])[]): Markup {
  const most = Math.max(0, ...sums.map(([, bytes]) => bytes));
  return table({
    caption,
    head: ['What', 'Bytes'],
    rows: sums.map(([name, bytes]) => [html`${name}${bar(bytes, most)}`, formatBytes(bytes)]),
    kind: 'bars',
  });
}
