import type { AnyNode, IfStatement } from 'acorn';
import type { Module } from './syntax.ts';

/** Whether the code gets to a node where a name is this word, as far as the `if (name === 'word')` around it tell. */
export function allows(node: AnyNode, name: string, word: string, { parents }: Module): boolean {
  for (
    let [at, parent] = [node, parents.get(node)];
    parent;
    [at, parent] = [parent, parents.get(parent)]
  ) {
    if (parent.type === 'IfStatement' && parent.consequent === at) {
      const wanted = wordAsked(parent, name);
      if (wanted !== undefined && wanted !== word) return false;
    }
    if (isBlock(parent) && endedBefore(parent.body, at, name).includes(word)) return false;
  }
  return true;
}

function isBlock(node: AnyNode): node is AnyNode & { body: AnyNode[] } {
  return node.type === 'BlockStatement' || node.type === 'Program';
}

/** The words for which an earlier statement of the block has left it. */
function endedBefore(body: readonly AnyNode[], at: AnyNode, name: string): string[] {
  const earlier = body.slice(0, body.indexOf(at));
  return earlier.flatMap((statement) => {
    if (statement.type !== 'IfStatement' || !ends(statement.consequent)) return [];
    return wordAsked(statement, name) ?? [];
  });
}

function ends(node: AnyNode): boolean {
  if (node.type === 'BlockStatement') return node.body.some(ends);
  return node.type === 'ReturnStatement' || node.type === 'ThrowStatement';
}

function wordAsked({ test }: IfStatement, name: string): string | undefined {
  if (test.type !== 'BinaryExpression' || test.operator !== '===') return undefined;
  const { left, right } = test;
  const isAsked = left.type === 'Identifier' && left.name === name;
  return isAsked && right.type === 'Literal' ? String(right.value) : undefined;
}
