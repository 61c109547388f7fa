import { readFileSync } from 'node:fs';
import type { Node, TextNode } from '../image-sources/node.ts';
import { readYaml } from '../image-sources/read-yaml.ts';
import type { Place } from '../report/error.ts';

/** Turns a place that is known by its field into a line of the file. */
export function placeInFile(place: Place): Pick<Place, 'file' | 'line' | 'column'> {
  const { file, field, line, column } = place;
  if (!field) return { file, line, column };
  const { node, isWhole } = nodeAt(rootOf(file), field.map(String));
  const item = isWhole && node?.kind === 'list' && line ? node.items[line - 1] : undefined;
  const text = firstText(item ?? node);
  if (!text?.line) return { file };
  const isLineOfText = isWhole && text === node && text.isBlock && line;
  return { file, line: text.line + (isLineOfText ? line - 1 : 0) };
}

/** Undefined for what cannot be read: then nothing but the file is told. */
function rootOf(file: string): Node | undefined {
  try {
    return readYaml(readFileSync(file, 'utf8'), file).documents[0]?.root;
  } catch {
    return undefined;
  }
}

/** The node, or the nearest one above it: what is missing has no line of its own. */
function nodeAt(root: Node | undefined, path: readonly string[]) {
  let node = root;
  for (const key of path) {
    const next = node?.kind === 'map' ? node.entries.get(key) : itemOf(node, key);
    if (!next) return { node, isWhole: false };
    node = next;
  }
  return { node, isWhole: true };
}

function itemOf(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'list' ? node.items[Number(key)] : undefined;
}

/** What it begins with. */
function firstText(node: Node | undefined): TextNode | undefined {
  if (node === undefined || node.kind === 'text') return node;
  const inner = node.kind === 'list' ? node.items : [...node.entries.values()];
  return firstText(inner[0]);
}
