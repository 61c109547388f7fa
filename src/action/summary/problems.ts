import type { ActionResult } from '../run.ts';
import { details, type Markup, within } from './markup.ts';

const mostBytesOfErrors = 120_000;
const mostBytesOfWarnings = 80_000;
/** As many are seen at once; the others are folded. */
const mostShown = 10;

type Warnings = readonly { readonly message: string; readonly cure?: string }[];

/** What is wrong, the worst first, each with its cure. */
export function problemLines(result: ActionResult, told: Warnings, html: Markup): string[] {
  const errors = result.errors.map(({ message, given, expected, next }) =>
    html.paragraph(
      `❌ ${html.text(message)}`,
      ...facts({ given, expected, next }).map((fact) => html.text(fact)),
    ),
  );
  const warnings = warningsOf(result, told).map(({ message, cure }) =>
    html.paragraph(`⚠️ ${html.text(message)}`, ...(cure ? [html.text(`cure: ${cure}`)] : [])),
  );
  const more = (left: number) => html.paragraph(`and ${left} more, in the log`);
  return [
    ...folded(within(mostBytesOfErrors, errors, more), 'error'),
    ...folded(within(mostBytesOfWarnings, warnings, more), 'warning'),
  ];
}

function facts(of: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(of).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
}

/** Those of the plan say their kind; of the others the words are all there is. */
function warningsOf({ plan }: ActionResult, told: Warnings): Warnings {
  const planned = (plan?.problems ?? []).filter(({ severity }) => severity === 'warning');
  const known = new Set(planned.map(({ message }) => message));
  return [
    ...told.filter(({ message }) => !known.has(message)),
    ...planned.map(({ kind, message, cure }) => ({ message: `${kind}: ${message}`, cure })),
  ];
}

function folded(lines: readonly string[], noun: string): string[] {
  const rest = lines.slice(mostShown);
  if (rest.length === 0) return [...lines];
  return [...lines.slice(0, mostShown), ...details(`more ${noun}s`, rest)];
}
