/** A JSON Schema, as far as names and descriptions of fields go. */
export interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | false;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

export type FieldPath = readonly PropertyKey[];

/** `images[3].list` for the path `['images', 3, 'list']`; keys that are no words are quoted. */
export function fieldName(path: FieldPath): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    const word = /^[\w$-]+$/.test(String(key)) ? String(key) : JSON.stringify(String(key));
    return name === '' ? word : `${name}.${word}`;
  }, '');
}

/** What the schema says of a field, as a fragment of a message; absent when it says nothing. */
export function describeField(schema: Node, path: FieldPath): string | undefined {
  const text = nodesAt(schema, path).find(({ description }) => description)?.description;
  return text?.replace(/\.$/, '').replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}

/** Names that may stand in the mapping at the path. */
export function allowedFields(schema: Node, path: FieldPath): string[] {
  const names = nodesAt(schema, path).flatMap(({ properties }) => Object.keys(properties ?? {}));
  return [...new Set(names)].filter((name) => name !== '$schema');
}

/** The field that was probably meant by an unknown one: a near spelling beside it, or its name elsewhere. */
export function nearestField(schema: Node, path: FieldPath, key: string): string | undefined {
  const beside = allowedFields(schema, path).find((name) => isNear(name, key));
  if (beside) return fieldName([...path, beside]);
  return allFields(schema).find((field) => isNear(field.slice(field.lastIndexOf('.') + 1), key));
}

function nodesAt(schema: Node, path: FieldPath): Node[] {
  return path
    .reduce<Node[]>((nodes, key) => nodes.flatMap((node) => children(node, key)), [schema])
    .flatMap(forms);
}

function children(node: Node, key: PropertyKey): Node[] {
  return forms(node).flatMap(({ properties, additionalProperties, items }) => {
    const child =
      typeof key === 'number' ? items : (properties?.[String(key)] ?? additionalProperties);
    return child ? [child] : [];
  });
}

/** A node and, of a union, what it may be. */
function forms(node: Node): Node[] {
  return [node, ...(node.anyOf ?? []).flatMap(forms)];
}

function allFields({ properties = {} }: Node, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, node]) => [
    `${prefix}${name}`,
    ...allFields(node, `${prefix}${name}.`),
  ]);
}

/** Equal but for case, separators and the order of letters, or but for a letter or two. */
export function isNear(name: string, key: string): boolean {
  const [a, b] = [plain(name), plain(key)];
  return sorted(a) === sorted(b) || distance(a, b) <= (a.length < 6 ? 1 : 2);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

function sorted(name: string): string {
  return [...name].sort().join('');
}

/** Letters to insert, drop or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
