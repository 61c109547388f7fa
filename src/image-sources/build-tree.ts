import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import type { Node, TextNode } from './node.ts';

/**
 * Trees of what the parser met, one a document. Aliases lead to the node that they name, and `<<` brings entries in.
 * @param firstLine of the text in its file
 * @throws RangeError for an alias without a finished anchor
 */
export function buildTrees(text: string, events: readonly Event[], firstLine: number): Node[] {
  return new Builder(text, firstLine).build(events);
}

type Opened = SequenceEvent | MappingEvent;

/** A list or mapping that is being read; a mapping's keys and values take turns. */
interface Open {
  readonly event: Opened;
  readonly nodes: Node[];
}

class Builder {
  readonly #text: string;
  readonly #lineOf: (offset: number) => number;
  readonly #anchors = new Map<string, Node>();
  readonly #roots: Node[] = [];
  readonly #open: Open[] = [];

  constructor(text: string, firstLine: number) {
    this.#text = text;
    this.#lineOf = lineCounter(text, firstLine);
  }

  build(events: readonly Event[]): Node[] {
    for (const event of events) this.#take(event);
    return this.#roots;
  }

  #take(event: Event): void {
    if (event.type === EVENT_ID.SCALAR) this.#put(this.#scalar(event), event);
    else if (event.type === EVENT_ID.ALIAS) this.#put(this.#aliased(event));
    else if (event.type === EVENT_ID.POP) this.#close();
    else if (event.type !== EVENT_ID.DOCUMENT) this.#open.push({ event, nodes: [] });
  }

  #close(): void {
    const closed = this.#open.pop();
    // The end of a document closes nothing that we opened.
    if (closed === undefined) return;
    const { event, nodes } = closed;
    const node: Node =
      event.type === EVENT_ID.SEQUENCE
        ? { kind: 'list', items: nodes }
        : { kind: 'map', entries: entriesOf(nodes) };
    this.#put(node, event);
  }

  #put(node: Node, event?: Opened | ScalarEvent): void {
    if (event && event.anchorStart >= 0) this.#anchors.set(this.#anchorOf(event), node);
    (this.#open.at(-1)?.nodes ?? this.#roots).push(node);
  }

  #aliased(event: AliasEvent): Node {
    const name = this.#anchorOf(event);
    const node = this.#anchors.get(name);
    if (node) return node;
    throw new RangeError(`the alias *${name} has no anchor before it`);
  }

  #anchorOf({ anchorStart, anchorEnd }: { anchorStart: number; anchorEnd: number }): string {
    return this.#text.slice(anchorStart, anchorEnd);
  }

  #scalar(event: ScalarEvent): TextNode {
    const { style, valueStart } = event;
    const value = getScalarValue(this.#text, event);
    const isNull = style === SCALAR_STYLE.PLAIN && nulls.has(value);
    return {
      kind: 'text',
      value: isNull ? '' : value,
      line: this.#lineOf(Math.max(valueStart, 0)),
      isBlock: style === SCALAR_STYLE.LITERAL_BLOCK,
    };
  }
}

const nulls: ReadonlySet<string> = new Set(['~', 'null', 'Null', 'NULL']);

function entriesOf(nodes: readonly Node[]): Map<string, Node> {
  const entries = new Map<string, Node>();
  const merged: Node[] = [];
  for (let at = 0; at + 1 < nodes.length; at += 2) {
    const [key, value] = [nodes[at], nodes[at + 1]];
    if (key?.kind !== 'text' || value === undefined) continue;
    if (key.value === '<<') merged.push(...(value.kind === 'list' ? value.items : [value]));
    else entries.set(key.value, value);
  }
  for (const node of merged) {
    if (node.kind !== 'map') continue;
    for (const [key, value] of node.entries) if (!entries.has(key)) entries.set(key, value);
  }
  return entries;
}

/** Offsets come in ascending order but for a few; each line break is looked for once. */
function lineCounter(text: string, firstLine: number): (offset: number) => number {
  let [start, line, end] = [0, firstLine, lineEnd(text, 0)];
  return (offset) => {
    if (offset < start) [start, line, end] = [0, firstLine, lineEnd(text, 0)];
    while (end < offset) [start, line, end] = [end + 1, line + 1, lineEnd(text, end + 1)];
    return line;
  };
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}
