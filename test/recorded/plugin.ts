import type { Plugin } from 'vitest/config';

/** The place in a source where something is made, and what is run there in tests. */
const places: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'src/report/error.ts': [['this.next = text.next;', 'globalThis.recordError?.(this);']],
  'src/plan/problem.ts': [
    [
      "return { kind, severity: 'error', images, message, cure };",
      'globalThis.recordProblem?.(kind, message);',
    ],
    [
      "return { kind, severity: 'warning', images, message, cure };",
      'globalThis.recordProblem?.(kind, message);',
    ],
  ],
};

/** Has every error and every problem of a plan that is made in tests recorded; the sources know nothing of it. */
export function recordsErrors(): Plugin {
  return {
    name: 'records-errors',
    enforce: 'pre',
    transform(code, id) {
      const path = Object.keys(places).find((name) => id.endsWith(`/${name}`));
      if (path === undefined) return undefined;
      return { code: (places[path] ?? []).reduce(withCall, code), map: null };
    },
  };
}

function withCall(code: string, [statement, call]: readonly [string, string]): string {
  if (!code.includes(statement))
    throw new Error(`test/recorded/plugin.ts looks for a statement that is gone: ${statement}`);
  const isLast = statement.startsWith('return');
  return code.replace(statement, isLast ? `${call} ${statement}` : `${statement} ${call}`);
}
