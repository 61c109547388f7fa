import type { AnyNode, NewExpression, ObjectExpression } from 'acorn';
import { type ErrorClass, exitCodes } from '../../src/report/error.ts';
import { byHand } from './by-hand.ts';
import { callsOf } from './calls.ts';
import { casesOf } from './cases.ts';
import { type Known, type Place, propertyOf, textsOf } from './evaluate.ts';
import { allows } from './guards.ts';
import { bindingOf, type Module, type Modules, nodesIn } from './syntax.ts';
import { distinct, isSaying, shown, type Text, written } from './text.ts';

/** `inner`: that of another failure, which the message tells. */
export type MadeClass = ErrorClass | 'inner';

/** An error that a place in the code makes. */
export interface MadeError {
  /** `src/bundle/keys.ts:64`. */
  readonly place: string;
  readonly class: MadeClass;
  readonly message: Text;
  readonly given: readonly Text[];
  readonly expected: readonly Text[];
  readonly next: readonly Text[];
}

type Call = Pick<NewExpression, 'arguments' | 'start'> & AnyNode;

/** Every error of our own that the sources make. @throws Error naming the calls that cannot be read */
export function madeErrors(modules: Modules): MadeError[] {
  const unreadable: string[] = [];
  const made = [...modules.values()].flatMap((module) =>
    callsIn(module).flatMap((call) => {
      if (byHand[module.path]?.repeats?.includes(sourceOf(call.arguments[1], module))) return [];
      const errors = errorsOf(call, module, modules);
      if (errors.length === 0) unreadable.push(placeOf(call, module));
      return errors;
    }),
  );
  if (unreadable.length === 0) return made;
  throw new Error(
    `the class or message of these errors cannot be read from the code; write them into scripts/errors/by-hand.ts:\n${unreadable.join('\n')}`,
  );
}

/** Files in which errors are made that repeat the words of others. */
export function repeaters(): string[] {
  return Object.keys(byHand).filter((path) => byHand[path]?.repeats);
}

function callsIn(module: Module): Call[] {
  return [...nodesIn(module.tree)].filter((node): node is Call => {
    if (node.type === 'NewExpression') return isOurs(node.callee);
    if (node.type !== 'ClassDeclaration' && node.type !== 'CallExpression') return false;
    return node.type === 'CallExpression' && node.callee.type === 'Super' && isInOurs(node, module);
  });
}

function isOurs(node: AnyNode): boolean {
  return node.type === 'Identifier' && node.name === 'AirgapError';
}

function isInOurs(node: AnyNode, { parents }: Module): boolean {
  for (let at = parents.get(node); at; at = parents.get(at)) {
    if (at.type === 'ClassDeclaration') return at.superClass != null && isOurs(at.superClass);
  }
  return false;
}

const placeOf = (call: AnyNode, module: Module) => `${module.path}:${module.lineOf(call)}`;

function sourceOf(node: AnyNode | undefined, { code }: Module): string {
  return node ? code.slice(node.start, node.end) : '';
}

function errorsOf(call: Call, module: Module, modules: Modules): MadeError[] {
  const place: Place = { module, modules, known: new Map(), depth: 0 };
  return casesOf(call, place).flatMap((known) => errorsIn(call, { ...place, known }));
}

function errorsIn(call: Call, place: Place): MadeError[] {
  const [errorClass, message, details] = call.arguments;
  if (!errorClass || !message) return [];
  return classesOf(errorClass, call, place).flatMap((name) => {
    const known = withClass(errorClass, name, place.known);
    return messagesOf(message, { ...place, known }).map((text) => ({
      place: placeOf(call, place.module),
      class: name,
      message: text,
      ...detailsOf(details, { ...place, known }),
    }));
  });
}

function classesOf(node: AnyNode, call: Call, place: Place): MadeClass[] {
  const source = sourceOf(node, place.module);
  const written = byHand[place.module.path]?.classes?.[source];
  if (written) return [...written];
  if (/\.class$/.test(source)) return ['inner'];
  const words = textsOf(node, place).map(shown);
  const isKnown = words.every((word): word is ErrorClass => Object.hasOwn(exitCodes, word));
  if (!isKnown) return [];
  if (node.type !== 'Identifier') return words;
  return words.filter((word) => allows(call, node.name, word, place.module));
}

function withClass(node: AnyNode, name: string, known: Known): Known {
  return node.type === 'Identifier' ? new Map([...known, [node.name, [name]]]) : known;
}

function messagesOf(node: AnyNode, place: Place): Text[] {
  const texts = byHand[place.module.path]?.messages?.[sourceOf(node, place.module)];
  if (texts) return texts.map(written);
  const found = textsOf(node, place);
  return found.every(isSaying) ? found : [];
}

type Details = Pick<MadeError, 'given' | 'expected' | 'next'>;

function detailsOf(node: AnyNode | undefined, place: Place): Details {
  const tables = node ? [...nodesIn(node, false)].filter(isTable) : [];
  const texts = (key: string) =>
    distinct(
      tables
        .flatMap((table) => propertyOf(table, key) ?? [])
        .flatMap((value) => (key === 'given' ? textsOf(value, place) : textsGiven(value, place)))
        .filter((text) => text.length > 0),
    );
  return { given: texts('given'), expected: texts('expected'), next: texts('next') };
}

/** What a parameter alone stands for is what the callers give. */
function textsGiven(node: AnyNode, place: Place): Text[] {
  const name = node.type === 'Identifier' ? node.name : '';
  const binding = place.known.has(name) ? undefined : bindingOf(name, node, place.module);
  if (binding?.kind !== 'parameter') return textsOf(node, place);
  return callsOf(binding.of, place).flatMap(({ call, module }) => {
    const argument = call.arguments[binding.index];
    return argument ? textsOf(argument, { ...place, module, known: new Map() }) : [];
  });
}

function isTable(node: AnyNode): node is ObjectExpression {
  return node.type === 'ObjectExpression';
}
