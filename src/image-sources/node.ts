/** What a document is made of: a tree whose every node knows its line. */
export type Node = MapNode | ListNode | TextNode;

export interface MapNode {
  readonly kind: 'map';
  /** Of a key that stands twice the later value, as Kubernetes reads it. */
  readonly entries: ReadonlyMap<string, Node>;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

/** A scalar as it is written, whatever a schema would make of it: `1.10` stays `1.10`. */
export interface TextNode {
  readonly kind: 'text';
  readonly value: string;
  /** Where the value begins, from 1; 0 in a tree that was not read from text. */
  readonly line: number;
  /** Whether the value's line breaks are those of the document, as in a `|` block. */
  readonly isBlock: boolean;
}

/** The text of an entry; undefined where there is none, or it is null. */
export function textAt(node: Node | undefined, key: string): string | undefined {
  const found = node?.kind === 'map' ? node.entries.get(key) : undefined;
  return found?.kind === 'text' && found.value !== '' ? found.value : undefined;
}

export function childAt(node: Node | undefined, ...path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>(
    (found, key) => (found?.kind === 'map' ? found.entries.get(key) : undefined),
    node,
  );
}

/** The items of a list; none of anything else. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === 'list' ? node.items : [];
}

/** A tree without lines, of what JSON.parse gives. */
export function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(nodeOf) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => [key, nodeOf(inner)] as const);
    return { kind: 'map', entries: new Map(entries) };
  }
  const text = value === null || value === undefined ? '' : String(value);
  return { kind: 'text', value: text, line: 0, isBlock: false };
}
