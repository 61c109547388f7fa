import { groupBy } from '../plan/group-by.ts';
import type { MapEdge } from '../plan/map-edges.ts';
import { count, formatBytes } from '../report/units.ts';
import { html, type Markup } from './markup.ts';
import { registryWords } from './words.ts';

/** More of them are no picture any more: the table has all. */
const mostEdges = 24;

const width = 800;
const [leftBar, rightBar] = [262, 470];
const barWidth = 7;
const gap = 12;
const margin = 4;
const thickest = 30;
const lowest = 34;
/** Of the letters in which names are written. */
const letter = 7.9;

interface Node {
  readonly name: string;
  readonly edges: readonly Drawn[];
  readonly height: number;
  y: number;
}

interface Drawn {
  readonly edge: MapEdge;
  readonly thickness: number;
}

/** Source registries to the left, prefixes of the target to the right, a band as thick as what goes that way. */
export function mapSvg(edges: readonly MapEdge[], base: string): Markup {
  const shown = drawn(edges);
  const sources = nodes(shown, ({ source }) => registryWords(source));
  const targets = nodes(shown, ({ target }) => targetName(target, base));
  const height = Math.max(heightOf(sources), heightOf(targets)) + 2 * margin;
  for (const side of [sources, targets]) stack(side, (height - heightOf(side)) / 2);
  const about = `${count(sources.length, 'source registry').replace(/registrys$/, 'registries')} to ${count(targets.length, 'place')} in the target; the table below says the same.`;
  return html`<svg class="map" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="map-title map-text">
<title id="map-title">The mirror map as it is used</title>
<desc id="map-text">${about}</desc>
${bands(sources, targets, base)}${sources.map((node) => label(node, 'end'))}${targets.map((node) => label(node, 'start'))}</svg>
`;
}

export function edgesLeftOut(edges: readonly MapEdge[]): number {
  return Math.max(0, edges.length - mostEdges);
}

/** What of a target's prefix is not said already. */
export function targetName(target: string | undefined, base: string): string {
  if (target === undefined) return 'no rule maps it';
  return target.startsWith(`${base}/`) ? `…${target.slice(base.length)}` : target;
}

function weight({ bytes, images }: MapEdge): number {
  return bytes ?? images;
}

function drawn(edges: readonly MapEdge[]): Drawn[] {
  const largest = [...edges].sort((a, b) => weight(b) - weight(a)).slice(0, mostEdges);
  const most = Math.max(1, ...largest.map(weight));
  return largest.map((edge) => ({
    edge,
    thickness: Math.max(2, (thickest * weight(edge)) / most),
  }));
}

function nodes(all: readonly Drawn[], nameOf: (edge: MapEdge) => string): Node[] {
  return [...groupBy(all, ({ edge }) => nameOf(edge))].map(([name, edges]) => {
    const thick = edges.reduce((sum, { thickness }) => sum + thickness, 0);
    return { name, edges, height: Math.max(lowest, thick), y: 0 };
  });
}

/** The shorter side stands in the middle of the longer one. */
function stack(side: readonly Node[], top: number): void {
  let y = top;
  for (const node of side) {
    node.y = y;
    y += node.height + gap;
  }
}

function heightOf(side: readonly Node[]): number {
  return side.reduce((sum, { height }) => sum + height + gap, -gap);
}

/** Each band leaves its source below the one before, and reaches its target likewise. */
function bands(sources: readonly Node[], targets: readonly Node[], base: string): Markup {
  const used = new Map<Node, number>();
  const take = (node: Node, { thickness }: Drawn): number => {
    const thick = node.edges.reduce((sum, one) => sum + one.thickness, 0);
    const before = used.get(node) ?? 0;
    used.set(node, before + thickness);
    return node.y + (node.height - thick) / 2 + before + thickness / 2;
  };
  return html`${sources.flatMap((source) =>
    source.edges.flatMap((one) => {
      const target = targets.find(({ name }) => name === targetName(one.edge.target, base));
      return target ? [band(one, take(source, one), take(target, one))] : [];
    }),
  )}`;
}

function band({ edge, thickness }: Drawn, from: number, to: number): Markup {
  const [start, end] = [leftBar + barWidth, rightBar];
  const middle = (start + end) / 2;
  const path = `M${start} ${round(from)} C${middle} ${round(from)} ${middle} ${round(to)} ${end} ${round(to)}`;
  return html`<path class="edge ${edge.askedForBy ?? 'none'}" d="${path}" stroke-width="${round(thickness)}"></path>
`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function label({ name, edges, y, height }: Node, anchor: 'start' | 'end'): Markup {
  const isLeft = anchor === 'end';
  const [bar, x] = isLeft ? [leftBar, leftBar - 9] : [rightBar, rightBar + barWidth + 9];
  const most = Math.floor((isLeft ? x : width - x) / letter);
  const middle = y + height / 2;
  const lost = edges.every(({ edge }) => edge.target === undefined) && !isLeft;
  return html`<rect class="${lost ? 'node lost' : 'node'}" x="${bar}" y="${round(y)}" width="${barWidth}" height="${round(height)}" rx="2"></rect>
<text x="${x}" y="${round(middle - 3)}" text-anchor="${anchor}">${shortened(name, most)}</text>
<text class="small" x="${x}" y="${round(middle + 12)}" text-anchor="${anchor}">${sumWords(edges)}</text>
`;
}

/** The end of a name tells more than its middle. */
function shortened(name: string, most: number): string {
  const letters = [...name];
  if (letters.length <= most) return name;
  const head = Math.ceil((most - 1) / 3);
  return `${letters.slice(0, head).join('')}…${letters.slice(head + 1 - most).join('')}`;
}

function sumWords(edges: readonly Drawn[]): string {
  const images = edges.reduce((sum, { edge }) => sum + edge.images, 0);
  // Of several edges the sum could count a blob twice.
  const bytes = edges.length === 1 ? edges[0]?.edge.bytes : undefined;
  return [count(images, 'image'), ...(bytes ? [formatBytes(bytes)] : [])].join(', ');
}
