import type { AnyNode, CallExpression } from 'acorn';
import { casesOf } from './cases.ts';
import { type Place, textsOf } from './evaluate.ts';
import { bindingOf, type Module, type Modules, nodesIn } from './syntax.ts';
import { distinct, type Text } from './text.ts';

/** One kind of what a plan can have against its input. */
export interface PlanProblem {
  readonly kind: string;
  readonly severities: readonly string[];
  readonly messages: readonly Text[];
  readonly cures: readonly Text[];
}

const home = 'src/plan/problem.ts';

/** Every kind of problem that the sources tell of, in the order of the alphabet. */
export function planProblems(modules: Modules): PlanProblem[] {
  const told = [...modules.values()].flatMap((module) =>
    callsIn(module).flatMap((call) =>
      toldBy(call, { module, modules, known: new Map(), depth: 0 }),
    ),
  );
  const kinds = [...new Set(told.map(({ kind }) => kind))].sort();
  return kinds.map((kind) => {
    const those = told.filter((one) => one.kind === kind);
    return {
      kind,
      severities: [...new Set(those.map(({ severity }) => severity))].sort(),
      messages: distinct(those.flatMap(({ messages }) => messages)),
      cures: distinct(those.flatMap(({ cures }) => cures)),
    };
  });
}

/** The kinds of the type, which tsc holds every call to. */
export function declaredKinds(text: string): string[] {
  return [...text.matchAll(/^ {2}\| '([^']+)'/gm)].map(([, kind]) => kind ?? '').sort();
}

function callsIn(module: Module): CallExpression[] {
  return [...nodesIn(module.tree)].filter((node): node is CallExpression => {
    if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier') return false;
    const binding = bindingOf(node.callee.name, node.callee, module);
    return (
      binding?.kind === 'import' &&
      binding.from === home &&
      /^(?:error|warning)$/.test(binding.name)
    );
  });
}

function toldBy(call: CallExpression, place: Place) {
  const [kind, , message, cure] = call.arguments;
  if (kind?.type !== 'Literal' || !message || !cure)
    throw new Error(
      `a problem of the plan that cannot be read: ${place.module.path}:${place.module.lineOf(call)}`,
    );
  return casesOf(call as AnyNode & { arguments: AnyNode[] }, place).map((known) => ({
    kind: String(kind.value),
    severity: (call.callee as { name: string }).name,
    messages: textsOf(message, { ...place, known }),
    cures: textsOf(cure, { ...place, known }),
  }));
}
