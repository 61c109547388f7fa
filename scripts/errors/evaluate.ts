import type { AnyNode, CallExpression, ObjectExpression } from 'acorn';
import { allows } from './guards.ts';
import { holeName } from './holes.ts';
import {
  type Binding,
  bindingOf,
  type FunctionNode,
  isFunction,
  type Module,
  type Modules,
  names,
  nodesIn,
} from './syntax.ts';
import { distinct, isSaying, product, shown, type Text } from './text.ts';

/** What is known of a name by which case is looked at: a word, or the entry of a table. */
export type Known = ReadonlyMap<string, Text | ObjectExpression>;

/** Where an expression stands, and what is known there. */
export interface Place {
  readonly module: Module;
  readonly modules: Modules;
  readonly known: Known;
  /** How many functions were gone into to come here. */
  readonly depth: number;
}

const deepest = 5;
/** Of a text with more forms than these the parts stay holes. */
const mostForms = 16;

/** The texts that an expression may come to. Of what is known in a run alone, a hole. */
export function textsOf(node: AnyNode, place: Place): Text[] {
  const texts = distinct(readable(node, place) ?? [hole(node)]);
  return texts.length > mostForms ? [hole(node)] : texts;
}

function hole(node: AnyNode): Text {
  return [{ hole: holeName(node) }];
}

/** Undefined where nothing of it can be read. */
function readable(node: AnyNode, place: Place): Text[] | undefined {
  switch (node.type) {
    case 'Literal':
      return /^(?:string|number)$/.test(typeof node.value) ? [[String(node.value)]] : undefined;
    case 'TemplateLiteral':
      return template(
        node.quasis.map(({ value }) => value.cooked ?? ''),
        node.expressions,
        place,
      );
    case 'BinaryExpression':
      if (node.operator !== '+') return undefined;
      return product(textsOf(node.left, place), textsOf(node.right, place));
    case 'ConditionalExpression':
      return conditional(node.test, [node.consequent, node.alternate], place);
    case 'LogicalExpression':
      return logical(node.operator, node.left, node.right, place);
    case 'UnaryExpression':
      return node.operator === 'void' ? [] : undefined;
    case 'Identifier':
      return node.name === 'undefined' ? [] : named(node, place);
    case 'MemberExpression':
      return member(node, place);
    case 'CallExpression':
      return called(node, place);
    case 'AwaitExpression':
    case 'ParenthesizedExpression':
      return readable(node.type === 'AwaitExpression' ? node.argument : node.expression, place);
    default:
      return undefined;
  }
}

function template(
  quasis: readonly string[],
  expressions: readonly AnyNode[],
  place: Place,
): Text[] {
  return expressions.reduce<Text[]>(
    (texts, expression, index) =>
      product(product(texts, textsOf(expression, place)), literal(quasis[index + 1] ?? '')),
    literal(quasis[0] ?? ''),
  );
}

function literal(text: string): Text[] {
  return [text === '' ? [] : [text]];
}

function conditional(test: AnyNode, [yes, no]: readonly [AnyNode, AnyNode], place: Place): Text[] {
  const decided = decide(test, place);
  const branches = decided === undefined ? [yes, no] : [decided ? yes : no];
  return branches.flatMap((branch) => textsOf(branch, place));
}

/** Whether a condition holds in the case that is looked at; undefined where that is not known. */
export function decide(test: AnyNode, place: Place): boolean | undefined {
  if (test.type === 'UnaryExpression' && test.operator === '!') {
    const decided = decide(test.argument, place);
    return decided === undefined ? undefined : !decided;
  }
  if (test.type === 'BinaryExpression' && /^[!=]==$/.test(test.operator)) {
    const [left, right] = [wordOf(test.left, place), wordOf(test.right, place)];
    if (left === undefined || right === undefined) return undefined;
    return (left === right) === (test.operator === '===');
  }
  if (test.type !== 'Identifier') return undefined;
  const known = place.known.get(test.name);
  if (Array.isArray(known)) return known.length > 0;
  const value = literalOf(test, place);
  return value === undefined ? undefined : Boolean(value.value);
}

/** The one word that an expression is in this case. */
function wordOf(node: AnyNode, place: Place): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== 'Identifier' || !place.known.has(node.name)) return undefined;
  const known = place.known.get(node.name);
  return Array.isArray(known) ? shown(known) : undefined;
}

function literalOf(node: AnyNode & { type: 'Identifier' }, place: Place) {
  const binding = bindingOf(node.name, node, place.module);
  if (binding?.kind !== 'value') return undefined;
  const value = taken(binding, node.name, place);
  return value?.node.type === 'Literal' ? value.node : undefined;
}

function logical(operator: string, left: AnyNode, right: AnyNode, place: Place): Text[] {
  if (operator === '&&') return [...textsOf(right, place), []];
  const first = textsOf(left, place).filter((text) => text.length > 0);
  const isThere = first.length > 0 && isLookedUp(left, place);
  return isThere ? first : [...first, ...textsOf(right, place)];
}

/** Whether it is an entry of a table by a key that is known here. */
function isLookedUp(node: AnyNode, place: Place): boolean {
  return (
    node.type === 'MemberExpression' && node.computed && wordOf(node.property, place) !== undefined
  );
}

function named(node: AnyNode & { type: 'Identifier' }, place: Place): Text[] | undefined {
  const known = place.known.get(node.name);
  if (Array.isArray(known)) return [known as Text];
  const binding = bindingOf(node.name, node, place.module);
  if (binding?.kind === 'import') return importedText(binding, place);
  if (binding?.kind !== 'value') return undefined;
  const value = taken(binding, node.name, place);
  if (value?.node.type === 'Literal') return textsOf(value.node, value.place);
  if (value) return saying(textsOf(value.node, value.place));
  const otherwise = defaultOf(binding.pattern, node.name);
  return otherwise && saying(textsOf(otherwise, place));
}

/** `{ name = 'what else' }`. */
function defaultOf(pattern: AnyNode, name: string): AnyNode | undefined {
  if (pattern.type !== 'ObjectPattern') return undefined;
  const found = pattern.properties.find((one) => names(one).includes(name));
  if (found?.type !== 'Property' || found.value.type !== 'AssignmentPattern') return undefined;
  return found.value.right;
}

/** What a destructuring takes out of what stands there, as far as that can be seen. */
function taken(
  { init, pattern }: Binding & { kind: 'value' },
  name: string,
  place: Place,
): { node: AnyNode; place: Place } | undefined {
  if (pattern.type === 'Identifier') return { node: init, place };
  if (pattern.type === 'ObjectPattern') {
    const property = pattern.properties.find((one) => names(one).includes(name));
    const key = property?.type === 'Property' && keyOf(property.key);
    const [only, ...others] = objectsOf(init, place);
    const value = key && only && others.length === 0 ? propertyOf(only.node, key) : undefined;
    return only && value && { node: value, place: only.place };
  }
  return undefined;
}

function importedText({ from, name }: Binding & { kind: 'import' }, place: Place) {
  const module = place.modules.get(from);
  const binding = module && bindingOf(name, firstOf(module), module);
  if (!module || binding?.kind !== 'value') return undefined;
  const texts = textsOf(binding.init, { ...place, module, known: new Map() });
  return binding.init.type === 'Literal' ? texts : saying(texts);
}

/** A node at the top of a module, to look for what is declared there. */
function firstOf(module: Module): AnyNode {
  return module.tree.body[0] ?? module.tree;
}

function member(
  { object, property, computed }: AnyNode & { type: 'MemberExpression' },
  place: Place,
): Text[] | undefined {
  if (property.type === 'PrivateIdentifier') return undefined;
  const tables = objectsOf(object, place);
  const found = tables.flatMap(({ node, place: at }) => {
    const values = computed
      ? entriesAt(node, property, place)
      : [propertyOf(node, keyOf(property) ?? '')];
    return values.filter((value) => value !== undefined).flatMap((value) => textsOf(value, at));
  });
  // What is left out of every entry is nothing.
  return found.length === 0 && tables.length > 0 ? [] : saying(found);
}

/** What a table has for a key: all that it has, where the key is not known. */
function entriesAt(table: ObjectExpression, key: AnyNode, place: Place): AnyNode[] {
  const word = wordOf(key, place);
  const found = word === undefined ? undefined : propertyOf(table, word);
  if (word === undefined) return valuesOf(table);
  return found ? [found] : [];
}

interface FoundObject {
  readonly node: ObjectExpression;
  readonly place: Place;
}

/** The tables, or entries of tables, that an expression may be. */
export function objectsOf(node: AnyNode, place: Place): FoundObject[] {
  if (node.type === 'ObjectExpression') return [{ node, place }];
  if (node.type === 'LogicalExpression')
    return [...objectsOf(node.left, place), ...objectsOf(node.right, place)];
  if (node.type === 'MemberExpression' && node.computed)
    return objectsOf(node.object, place).flatMap(({ node: table, place: at }) =>
      entriesAt(table, node.property, place).flatMap((value) => objectsOf(value, at)),
    );
  if (node.type === 'CallExpression') return foundIn(node, place);
  if (node.type !== 'Identifier') return [];
  const known = place.known.get(node.name);
  if (known && !Array.isArray(known)) return [{ node: known as ObjectExpression, place }];
  const binding = bindingOf(node.name, node, place.module);
  if (binding?.kind === 'import') return importedObjects(binding, place);
  if (binding?.kind !== 'value' || binding.pattern.type !== 'Identifier') return [];
  return objectsOf(binding.init, place);
}

function importedObjects({ from, name }: Binding & { kind: 'import' }, place: Place) {
  const module = place.modules.get(from);
  const binding = module && bindingOf(name, firstOf(module), module);
  if (!module || binding?.kind !== 'value' || binding.init.type !== 'ObjectExpression') return [];
  return [{ node: binding.init, place: { ...place, module, known: new Map() } }];
}

/** `TABLE.find(…)`. */
function foundIn({ callee }: CallExpression, place: Place): FoundObject[] {
  if (callee.type !== 'MemberExpression' || keyOf(callee.property) !== 'find') return [];
  if (callee.object.type !== 'Identifier') return [];
  const binding = bindingOf(callee.object.name, callee, place.module);
  if (binding?.kind !== 'value' || binding.init.type !== 'ArrayExpression') return [];
  return binding.init.elements.flatMap((one) => (one ? objectsOf(one, place) : []));
}

function valuesOf({ properties }: ObjectExpression): AnyNode[] {
  return properties.flatMap((one) => (one.type === 'Property' ? [one.value] : []));
}

export function propertyOf({ properties }: ObjectExpression, key: string): AnyNode | undefined {
  const found = properties.find((one) => one.type === 'Property' && keyOf(one.key) === key);
  return found?.type === 'Property' ? found.value : undefined;
}

function keyOf(node: AnyNode): string | undefined {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : undefined;
}

/** What a function of ours gives back, or a method of a table's entries. */
function called(call: CallExpression, place: Place): Text[] | undefined {
  if (place.depth >= deepest) return undefined;
  const functions = functionsOf(call.callee, place);
  if (functions.length === 0) return undefined;
  const texts = functions.flatMap(({ node, module }) => {
    const known = givenWords(node, call.arguments, place);
    const at = { ...place, module, known, depth: place.depth + 1 };
    return returned(node, at).flatMap((value) => textsOf(value, at));
  });
  return saying(texts);
}

/** The parameters that are one word without a hole in this call. */
function givenWords({ params }: FunctionNode, values: readonly AnyNode[], place: Place): Known {
  return new Map(
    params.flatMap((parameter, index) => {
      const value = values[index];
      const [text, ...others] = value ? textsOf(value, place) : [];
      const isWord = text?.length === 1 && typeof text[0] === 'string' && others.length === 0;
      return isWord && parameter.type === 'Identifier' ? [[parameter.name, text] as const] : [];
    }),
  );
}

function functionsOf(callee: AnyNode, place: Place): { node: FunctionNode; module: Module }[] {
  if (callee.type === 'MemberExpression') {
    const key = keyOf(callee.property as AnyNode) ?? '';
    const methods = objectsOf(callee.object, place).map(({ node }) => propertyOf(node, key));
    return methods.flatMap((node) => (node ? functionAt(node, place) : []));
  }
  return functionAt(callee, place);
}

function functionAt(node: AnyNode, place: Place): { node: FunctionNode; module: Module }[] {
  if (isFunction(node)) return [{ node, module: place.module }];
  const found = node.type === 'Identifier' && functionNamed(node.name, node, place);
  return found ? [found] : [];
}

function functionNamed(name: string, at: AnyNode, place: Place) {
  const binding = bindingOf(name, at, place.module);
  if (binding?.kind === 'function') return binding;
  if (binding?.kind === 'value' && isFunction(binding.init))
    return { node: binding.init, module: place.module };
  if (binding?.kind !== 'import') return undefined;
  const module = place.modules.get(binding.from);
  const there = module && bindingOf(binding.name, firstOf(module), module);
  return there?.kind === 'function' ? there : undefined;
}

function returned({ body }: FunctionNode, { module, known }: Place): AnyNode[] {
  if (body.type !== 'BlockStatement') return [body];
  const isReached = (node: AnyNode) =>
    [...known].every(
      ([name, word]) =>
        !(Array.isArray(word) && typeof word[0] === 'string') ||
        allows(node, name, word[0], module),
    );
  return [...nodesIn(body, false)].flatMap((node) =>
    node.type === 'ReturnStatement' && node.argument && isReached(node) ? [node.argument] : [],
  );
}

/** A text of holes alone tells nothing: its own name says more. */
function saying(texts: readonly Text[]): Text[] | undefined {
  return texts.length > 0 && texts.every((text) => text.length === 0 || isSaying(text))
    ? [...texts]
    : undefined;
}
