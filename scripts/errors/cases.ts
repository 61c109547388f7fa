import type { AnyNode, ObjectExpression } from 'acorn';
import { callsOf } from './calls.ts';
import { type Known, objectsOf, type Place, propertyOf, textsOf } from './evaluate.ts';
import { bindingOf, type FunctionNode, names, nodesIn } from './syntax.ts';

/**
 * The cases in which a call makes different errors, each by what is known in it: an entry of a table that is looked
 * up, or a caller of the function around it, where class or message is a parameter.
 */
export function casesOf(call: AnyNode & { arguments: AnyNode[] }, place: Place): Known[] {
  const [errorClass, message] = call.arguments;
  const callers = [errorClass, message].flatMap((node) => (node ? callCases(node, place) : []));
  if (callers.length > 0) return callers;
  return [tableCases, keyCases, switchCases]
    .map((find) => find(call, place))
    .reduce((all, others) =>
      all.flatMap((one) => others.map((other) => new Map([...one, ...other]))),
    );
}

function callCases(node: AnyNode, place: Place): Known[] {
  if (node.type !== 'Identifier') return [];
  const binding = bindingOf(node.name, node, place.module);
  if (binding?.kind !== 'parameter') return [];
  return callsOf(binding.of, place).map(({ call, module }) =>
    given(binding.of, call.arguments, { ...place, module, known: new Map() }),
  );
}

function given({ params }: FunctionNode, values: readonly AnyNode[], at: Place): Known {
  return new Map(
    params.flatMap((parameter, index) => {
      const value = values[index];
      const [text, ...others] = value ? textsOf(value, at) : [];
      const isPlain = parameter.type === 'Identifier' && text && others.length === 0;
      return isPlain ? [[parameter.name, text] as const] : [];
    }),
  );
}

function tableCases(call: AnyNode, place: Place): Known[] {
  for (const name of namesBehind(call, place)) {
    const binding = bindingOf(name, call, place.module);
    // What is taken out of an entry follows from which entry it is.
    if (binding?.kind !== 'value' || isPart(binding)) continue;
    const entries = objectsOf(binding.init, place);
    if (entries.length < 2) continue;
    if (binding.pattern.type === 'Identifier')
      return entries.map(({ node }) => new Map([[name, node]]));
    const parts = names(binding.pattern);
    return entries.map(({ node }) => new Map(parts.flatMap((part) => partOf(node, part, place))));
  }
  return [new Map()];
}

function isPart({ init, pattern }: { init: AnyNode; pattern: AnyNode }): boolean {
  return init.type === 'Identifier' && pattern.type !== 'Identifier';
}

/** Two tables with the same key belong together: a case each key, and one for every other. */
function keyCases(call: AnyNode, place: Place): Known[] {
  const lookUps = nodesBehind(call, place).flatMap((node) =>
    node.type === 'MemberExpression' && node.computed && node.property.type === 'Identifier'
      ? [{ table: node.object, key: node.property.name }]
      : [],
  );
  const tabled = lookUps.filter(({ table }) => objectsOf(table, place).length > 0);
  const [twice] = tabled.map(({ key }) => key).filter((key, at, all) => all.indexOf(key) < at);
  if (twice === undefined) return [new Map()];
  const tables = lookUps
    .filter(({ key }) => key === twice)
    .flatMap(({ table }) => objectsOf(table, place));
  const keys = new Set(tables.flatMap(({ node }) => keysOf(node)));
  const isOpen = nodesBehind(call, place).some(isOpenLookUp);
  const words = [...keys].map((key): Known => new Map([[twice, [key]]]));
  return isOpen ? [...words, new Map([[twice, [{ hole: twice }]]])] : words;
}

/** `TABLE[key] ?? what else`. */
function isOpenLookUp(node: AnyNode): boolean {
  return (
    node.type === 'LogicalExpression' && node.left.type === 'MemberExpression' && node.left.computed
  );
}

function keysOf({ properties }: ObjectExpression): string[] {
  return properties.flatMap((one) => (one.type === 'Property' ? names(one.key) : []));
}

/** What is asked of one name more than once: a case for yes, one for no. */
function switchCases(call: AnyNode, place: Place): Known[] {
  const asked = nodesBehind(call, place).flatMap((node) =>
    node.type === 'ConditionalExpression' && node.test.type === 'Identifier'
      ? [node.test.name]
      : [],
  );
  const [twice] = asked.filter((name, at) => asked.indexOf(name) < at);
  if (twice === undefined) return [new Map()];
  return [new Map([[twice, [{ hole: twice }]]]), new Map([[twice, []]])];
}

function partOf(table: AnyNode & { type: 'ObjectExpression' }, name: string, place: Place) {
  const value = propertyOf(table, name);
  const [text, ...others] = value ? textsOf(value, place) : [];
  return text && others.length === 0 ? [[name, text] as const] : [];
}

function namesBehind(call: AnyNode, place: Place): string[] {
  return [...new Set(namesIn(nodesBehind(call, place)))];
}

/** A call, and what the names in it are. */
function nodesBehind(call: AnyNode, { module }: Place): AnyNode[] {
  const direct = [...nodesIn(call)];
  const inits = new Set(
    namesIn(direct).flatMap((name) => {
      const binding = bindingOf(name, call, module);
      return binding?.kind === 'value' ? [binding.init] : [];
    }),
  );
  return [...direct, ...[...inits].flatMap((init) => [...nodesIn(init)])];
}

function namesIn(nodes: readonly AnyNode[]): string[] {
  return nodes.flatMap((one) => (one.type === 'Identifier' ? [one.name] : []));
}
