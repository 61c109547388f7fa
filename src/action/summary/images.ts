import { contentsOfPlan } from '../../commands/image-contents.ts';
import type { Inventory, InventoryImage } from '../../plan/inventory.ts';
import { type MapEdge, mapEdges } from '../../plan/map-edges.ts';
import { imageCount } from '../../report/image-count.ts';
import { largestFirst, mermaidOf } from '../../report/map-picture.ts';
import { formatBytes } from '../../report/units.ts';
import type { ActionResult } from '../run.ts';
import { details, type Markup, within } from './markup.ts';

const mostBytesOfEdges = 60_000;
const mostBytesOfRows = 550_000;

/** Where the images come from and go to: as a picture, by source registry, and one by one. */
export function imageLines(
  { plan, prepared }: ActionResult,
  redact: (text: string) => string,
  html: Markup,
): string[] {
  if (!plan || plan.inventory.images.length === 0) return [];
  const contents = prepared && contentsOfPlan(prepared);
  const edges = largestFirst(mapEdges(plan.inventory, contents)).map((edge) =>
    withoutSecrets(edge, redact),
  );
  return [
    '<h3>Where the images go</h3>',
    '',
    '```mermaid',
    mermaidOf(edges),
    '```',
    '',
    '<p>A thick arrow: webhook and containerd ask; a thin one: the webhook; a dotted one: containerd.</p>',
    ...edgeTable(edges, html),
    ...imageTable(plan.inventory, html),
  ];
}

function withoutSecrets(edge: MapEdge, redact: (text: string) => string): MapEdge {
  const { source, target } = edge;
  const named = { ...edge, source: redact(source) };
  return target === undefined ? named : { ...named, target: redact(target) };
}

function edgeTable(edges: readonly MapEdge[], html: Markup): string[] {
  const rows = edges.map(({ source, target, images, bytes, askedForBy }) =>
    html.row([
      html.code(source),
      target === undefined ? 'no rule maps it' : html.code(target),
      String(images),
      bytes === undefined ? '' : formatBytes(bytes),
      askedForBy ?? '',
    ]),
  );
  const more = (left: number) => `<tr><td colspan="5">and ${left} more, in the results</td></tr>`;
  const head = ['Source', 'Target', 'Images', 'Unique bytes', 'Asked for by'];
  return html.table(head, within(mostBytesOfEdges, rows, more));
}

function imageTable({ images }: Inventory, html: Markup): string[] {
  const rows = images.map((image) => imageRow(image, html));
  const more = (left: number) => `<tr><td colspan="4">and ${left} more, in the results</td></tr>`;
  const head = ['Image', 'Digest', 'Platforms', 'Placements'];
  return details(imageCount(images), html.table(head, within(mostBytesOfRows, rows, more)));
}

function imageRow({ source, digest, platforms, placements }: InventoryImage, html: Markup): string {
  const where = placements.map(({ reference }) => html.code(reference)).join('<br>');
  return html.row([
    html.code(source),
    html.code(digest.slice(0, 19)),
    html.text(platforms.join(', ')),
    where,
  ]);
}
