import { groupBy } from '../plan/group-by.ts';
import { count, formatBytes } from '../report/units.ts';
import { code, html, lines, type Markup, muted, type Part } from './markup.ts';
import { type Cell, folded, type RowOfClass, table } from './parts.ts';
import type { AttachedImage, ImageSize, Report, ReportImage, ReportPlacement } from './report.ts';
import { askedWords, notRecorded, pinnedWords, registryWords, stateWords } from './words.ts';

/** With more of them the tables are folded, so that the page can be overlooked; paper shows all. */
const mostUnfolded = 100;

/** A table for each source registry, in the order of the list. */
export function imagesBody({ images }: Report): Markup {
  const open = images.length <= mostUnfolded;
  const groups = [...groupBy(images, ({ registry }) => registry)];
  return html`${groups.map(([registry, some]) => group(registryWords(registry), some, open))}`;
}

function group(registry: string, images: readonly ReportImage[], open: boolean): Markup {
  const start = open ? html`<details open>` : html`<details>`;
  return html`${start}
<summary><h3>${registry}</h3> ${muted(count(images.length, 'image'))}</summary>
${imageTable(registry, images)}</details>
`;
}

/** Where nobody has recorded who asked for the images there is no column for that. */
function imageTable(registry: string, images: readonly ReportImage[]): Markup {
  const isRecorded = images.some(({ namedBy }) => namedBy);
  const caption = isRecorded ? '' : `; who asked for them is ${notRecorded}`;
  return table({
    caption: `Images of ${registry}${caption}`,
    head: [...columns, ...(isRecorded ? ['Named by'] : [])],
    rows: images.flatMap((image) => [
      [...imageRow(image), ...(isRecorded ? [namedBy(image)] : [])],
      ...image.attached.map((one) => attachedRow(one, isRecorded ? [''] : [])),
    ]),
    kind: isRecorded ? 'images named' : 'images',
  });
}

const columns = ['Image', 'Digest', 'Platforms', 'Size', 'In the target'];

function imageRow(image: ReportImage): Cell[] {
  const { source, digest, originalDigest, pinnedBy, platforms, size, placements } = image;
  return [
    code(source),
    lines([
      code(digest),
      muted(pinnedWords(pinnedBy)),
      ...(originalDigest ? [muted(html`at its source ${code(originalDigest)}`)] : []),
    ]),
    platforms.length > 0 ? folded(platforms, 4) : '-',
    sizeCell(size),
    placementsCell(placements),
  ];
}

function namedBy({ namedBy: places }: ReportImage): Markup {
  return folded(
    (places ?? []).map((place) => muted(place)),
    2,
  );
}

function sizeCell(size: ImageSize | null): Part {
  if (!size) return 'not known';
  return lines([
    formatBytes(size.whole),
    ...(size.own < size.whole ? [muted(`${formatBytes(size.own)} its own`)] : []),
  ]);
}

function placementsCell(placements: readonly ReportPlacement[]): Markup {
  if (placements.length === 0)
    return html`<span class="word bad">no rule maps it</span>: not carried`;
  return folded(placements.map(placementLine), 3);
}

function placementLine({ reference, askedForBy, state, error }: ReportPlacement): Markup {
  const look = state === 'failed' ? 'bad' : 'good';
  const found = state ? html`, <span class="word ${look}">${stateWords[state]}</span>` : html``;
  const why = error ? html`<span class="line">${error}</span>` : html``;
  return html`${code(reference)} <span class="line muted">for ${askedWords[askedForBy]}${found}</span>${why}`;
}

function attachedRow(image: AttachedImage, more: readonly Cell[]): RowOfClass {
  const { source, digest, artifactType, subject, size, placements } = image;
  return {
    kind: 'attached',
    cells: [
      lines([html`attached: ${artifactType ?? 'referrer'}`, muted(code(source))]),
      lines([code(digest), muted(html`to ${code(subject)}`)]),
      '-',
      sizeCell(size),
      placementsCell(placements),
      ...more,
    ],
  };
}
