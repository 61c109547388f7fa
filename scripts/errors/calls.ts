import type { AnyNode, CallExpression } from 'acorn';
import type { Place } from './evaluate.ts';
import { bindingOf, type FunctionNode, type Module, nodesIn } from './syntax.ts';

/** Where a function is called, in its own file and in those that import it. */
export function callsOf(
  node: FunctionNode,
  { module, modules }: Place,
): { call: CallExpression; module: Module }[] {
  const name = nameOf(node, module);
  if (name === undefined) return [];
  return [...modules.values()].flatMap((other) =>
    callsNamed(name, other)
      .filter((call) => isOf(call, node, module, other))
      .map((call) => ({ call, module: other })),
  );
}

function nameOf(node: FunctionNode, module: Module): string | undefined {
  if (node.id) return node.id.name;
  const parent = module.parents.get(node);
  return parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier'
    ? parent.id.name
    : undefined;
}

function callsNamed(name: string, module: Module): CallExpression[] {
  return [...nodesIn(module.tree)].filter(
    (node): node is CallExpression =>
      node.type === 'CallExpression' &&
      node.callee.type === 'Identifier' &&
      node.callee.name === name,
  );
}

function isOf(
  { callee }: CallExpression,
  node: FunctionNode,
  home: Module,
  module: Module,
): boolean {
  const { name } = callee as AnyNode & { type: 'Identifier' };
  const binding = bindingOf(name, callee, module);
  if (binding?.kind === 'function') return binding.node === node;
  if (binding?.kind === 'value') return binding.init === node;
  return binding?.kind === 'import' && binding.from === home.path;
}
