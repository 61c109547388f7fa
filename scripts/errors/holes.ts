import type { AnyNode } from 'acorn';

/** What stands in a hole, in the code's own words: `place.reference` → `reference`, `repositoryOf(x)` → `repository`. */
export function holeName(node: AnyNode): string {
  return words(identifierOf(node)) || 'text';
}

function identifierOf(node: AnyNode): string {
  switch (node.type) {
    case 'Identifier':
      return node.name;
    case 'MemberExpression':
      return ofMember(node);
    case 'CallExpression':
      return ofCall(node);
    case 'ChainExpression':
      return identifierOf(node.expression);
    case 'AwaitExpression':
      return identifierOf(node.argument);
    case 'LogicalExpression':
      return identifierOf(node.left) || identifierOf(node.right);
    case 'BinaryExpression':
      return identifierOf(node.left) || identifierOf(node.right);
    case 'ConditionalExpression':
      return identifierOf(node.consequent) || identifierOf(node.alternate);
    default:
      return '';
  }
}

function ofMember({ object, property, computed }: AnyNode & { type: 'MemberExpression' }): string {
  if (computed) return identifierOf(object as AnyNode);
  const name = property.type === 'Identifier' ? property.name : '';
  return /^(?:length|size)$/.test(name) ? `count of ${identifierOf(object as AnyNode)}` : name;
}

/** Of what only changes the form of a text, the text. */
const formers =
  /^(?:format|print|show|safe|oneLine|harmless|String|Number|stringify|basename|relative|resolve|textFlag|quote)/;
const methods =
  /^(?:join|map|filter|slice|replace|replaceAll|trim|toString|toISOString|sort|toSorted|flatMap|find|at|get)$/;

function ofCall({ callee, arguments: [first] }: AnyNode & { type: 'CallExpression' }): string {
  if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
    const { name } = callee.property;
    if (methods.test(name)) return identifierOf(callee.object as AnyNode);
    return formers.test(name) && first ? identifierOf(first) : name;
  }
  const name = callee.type === 'Identifier' ? callee.name : '';
  return formers.test(name) && first ? identifierOf(first) : name;
}

function words(identifier: string): string {
  const plain = identifier.replace(/(?:Of|Name)$/, '').replace(/\d+$/, '');
  return plain.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
