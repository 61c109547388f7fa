import { groupBy } from '../plan/group-by.ts';
import type { MapEdge } from '../plan/map-edges.ts';
import { safeText } from './safe.ts';
import { count, formatBytes } from './units.ts';

/** GitLab draws no longer graph, and nobody reads one. */
const maxCharacters = 5000;
/** Of a name; the rest is an ellipsis. */
const maxName = 80;
/** For the first line, and the one that says how much is left out. */
const reserve = 60;

/**
 * The map as a Mermaid flowchart: source registries, the largest first, and the prefixes of the target that their
 * images go to. The arrow tells who asks: thick both, thin the webhook, dotted containerd. Names are strangers':
 * none can end its label, nor be read as Mermaid, Markdown or HTML.
 */
export function mermaidOf(edges: readonly MapEdge[]): string {
  const lines = ['flowchart LR'];
  const ids = new Map<string, string>();
  let length = reserve;
  for (const [at, edge] of largestFirst(edges).entries()) {
    const added = edgeLines(edge, ids);
    length += added.join('\n').length + 1;
    if (length > maxCharacters)
      return [...lines, `  more["and ${edges.length - at} more"]`].join('\n');
    lines.push(...added);
  }
  return lines.join('\n');
}

/** The source registries with the most bytes first; edges of one stand together. */
export function largestFirst(edges: readonly MapEdge[]): MapEdge[] {
  const weight = (some: readonly MapEdge[]) =>
    some.reduce((sum, { bytes, images }) => sum + (bytes ?? images), 0);
  return [...groupBy(edges, ({ source }) => source).values()]
    .sort((a, b) => weight(b) - weight(a))
    .flatMap((same) => [...same].sort((a, b) => weight([b]) - weight([a])));
}

const arrows = { both: '==>', webhook: '-->', containerd: '-.->' } as const;

function edgeLines(edge: MapEdge, ids: Map<string, string>): string[] {
  const { source, target, images, bytes, askedForBy } = edge;
  const from = nodeOf(`source ${source}`, source || 'no image name', ids);
  const to = nodeOf(`target ${target ?? ''}`, target ?? 'no rule maps it', ids);
  const facts = [count(images, 'image'), ...(bytes === undefined ? [] : [formatBytes(bytes)])];
  const arrow = askedForBy ? arrows[askedForBy] : '--x';
  return [
    ...from.lines,
    ...to.lines,
    `  ${from.id} ${arrow}|"${label(facts.join(', '))}"| ${to.id}`,
  ];
}

/** A node's id, and the line that makes it where it is new. */
function nodeOf(key: string, name: string, ids: Map<string, string>) {
  const known = ids.get(key);
  if (known) return { id: known, lines: [] };
  const id = `n${ids.size + 1}`;
  ids.set(key, id);
  return { id, lines: [`  ${id}["${label(name)}"]`] };
}

/**
 * Mermaid takes `#NN;` for a character. A colon is one too: after it, a line with `style` before it, would lose its
 * last semicolon.
 */
function label(text: string): string {
  const name = [...safeText(text).replace(/\s+/g, ' ')];
  const shown = name.length > maxName ? [...name.slice(0, maxName - 1), '…'] : name;
  return shown
    .map((character) =>
      /[A-Za-z0-9 ._/,()+-]/.test(character) ? character : `#${character.codePointAt(0)};`,
    )
    .join('');
}
