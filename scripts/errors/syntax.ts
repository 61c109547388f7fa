import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, posix } from 'node:path';
import {
  type AnonymousFunctionDeclaration,
  type AnyNode,
  type ArrowFunctionExpression,
  type FunctionDeclaration,
  type FunctionExpression,
  type Program,
  parse,
} from 'acorn';
import { transformSync } from 'esbuild';

export const root = join(import.meta.dirname, '../..');

export type FunctionNode =
  | FunctionDeclaration
  | AnonymousFunctionDeclaration
  | FunctionExpression
  | ArrowFunctionExpression;

/** A source file of the program as a tree, its types taken away. */
export interface Module {
  /** From the root of the project: `src/bundle/keys.ts`. */
  readonly path: string;
  readonly tree: Program;
  /** The text that the tree's positions point into. */
  readonly code: string;
  readonly parents: ReadonlyMap<AnyNode, AnyNode>;
  /** Line of a node in the file as it is written. */
  lineOf(node: AnyNode): number;
}

export type Modules = ReadonlyMap<string, Module>;

/** Every TypeScript file below src/. */
export function readModules(): Modules {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const sources = paths.filter((path) => path.endsWith('.ts')).sort();
  return new Map(
    sources.map((path) => {
      const name = posix.join('src', path);
      return [name, parseModule(name, readFileSync(join(root, name), 'utf8'))];
    }),
  );
}

export function parseModule(path: string, text: string): Module {
  const { code, map } = transformSync(text, { loader: 'ts', target: 'esnext', sourcemap: true });
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  const places = new SourceMap(JSON.parse(map));
  const lineOf = ({ loc }: AnyNode) => {
    const { line = 1, column = 0 } = loc?.start ?? {};
    const entry = places.findEntry(line - 1, column);
    return 'originalLine' in entry ? entry.originalLine + 1 : line;
  };
  return { path, tree, code, parents: parentsIn(tree), lineOf };
}

function parentsIn(tree: Program): Map<AnyNode, AnyNode> {
  const parents = new Map<AnyNode, AnyNode>();
  const visit = (node: AnyNode): void => {
    for (const child of children(node)) {
      parents.set(child, node);
      visit(child);
    }
  };
  visit(tree);
  return parents;
}

export function children(node: AnyNode): AnyNode[] {
  const values: unknown[] = Object.values(node).flat();
  return values.filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The node and all below it, but for functions inside where these are left out. */
export function* nodesIn(node: AnyNode, intoFunctions = true): Generator<AnyNode> {
  yield node;
  for (const child of children(node))
    if (intoFunctions || !isFunction(child)) yield* nodesIn(child, intoFunctions);
}

export function isFunction(node: AnyNode): node is FunctionNode {
  return /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

/** What a name stands for where it is used. */
export type Binding =
  | { readonly kind: 'value'; readonly init: AnyNode; readonly pattern: AnyNode }
  | { readonly kind: 'function'; readonly node: FunctionNode; readonly module: Module }
  | { readonly kind: 'parameter'; readonly of: FunctionNode; readonly index: number }
  | { readonly kind: 'import'; readonly from: string; readonly name: string };

/** Looks outwards from a node, scope by scope. */
export function bindingOf(name: string, at: AnyNode, module: Module): Binding | undefined {
  for (let scope = module.parents.get(at); scope; scope = module.parents.get(scope)) {
    const found = declaredIn(scope, name, module);
    if (found) return found;
  }
  return undefined;
}

function declaredIn(scope: AnyNode, name: string, module: Module): Binding | undefined {
  if (isFunction(scope)) {
    const index = scope.params.findIndex((parameter) => names(parameter).includes(name));
    return index < 0 ? undefined : { kind: 'parameter', of: scope, index };
  }
  if (scope.type !== 'BlockStatement' && scope.type !== 'Program') return undefined;
  for (const statement of scope.body) {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    const found = node && declaredBy(node, name, module);
    if (found) return found;
  }
  return undefined;
}

function declaredBy(node: AnyNode, name: string, module: Module): Binding | undefined {
  if (node.type === 'FunctionDeclaration' && node.id?.name === name)
    return { kind: 'function', node, module };
  if (node.type === 'VariableDeclaration') {
    const found = node.declarations.find(({ id }) => names(id).includes(name));
    return found?.init ? { kind: 'value', init: found.init, pattern: found.id } : undefined;
  }
  if (node.type !== 'ImportDeclaration') return undefined;
  const found = node.specifiers.find(({ local }) => local.name === name);
  if (found?.type !== 'ImportSpecifier' || found.imported.type !== 'Identifier') return undefined;
  const from = posix.join(dirname(module.path), String(node.source.value));
  return { kind: 'import', from, name: found.imported.name };
}

/** The names that a pattern declares. */
export function names(pattern: AnyNode): string[] {
  if (pattern.type === 'Identifier') return [pattern.name];
  if (pattern.type === 'AssignmentPattern') return names(pattern.left);
  if (pattern.type === 'ArrayPattern')
    return pattern.elements.flatMap((one) => (one ? names(one) : []));
  if (pattern.type === 'Property') return names(pattern.value);
  if (pattern.type === 'RestElement') return names(pattern.argument);
  return pattern.type === 'ObjectPattern' ? pattern.properties.flatMap(names) : [];
}
