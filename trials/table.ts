import type { TrialResult } from './run-trial.ts';
import type { Verdict } from './trial.ts';

const heads = ['trial', 'promise', 'cases', 'survived', 'refused', 'n/a', 'broken', 'figures', 's'];

/** Lines of Markdown: a row a trial that had cases. */
export function tableOf(results: readonly TrialResult[]): string[] {
  const rule = heads.map((_, at) => (at < 2 ? '---' : '--:'));
  const rows = results.filter(didRun).map(rowOf);
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Of each trial that was broken: the first failure, and how to run just that. */
export function firstFailures(results: readonly TrialResult[]): string[] {
  return results.flatMap(({ trial, failures: [first] }) =>
    first === undefined
      ? []
      : [
          '',
          `${trial.id}, ${first.case}: ${first.why.split('\n', 1)[0]}`,
          '',
          `    ${first.command}`,
        ],
  );
}

export const didRun = ({ verdicts, failures }: TrialResult): boolean =>
  verdicts.size + failures.length > 0;

/** The trial of a row. */
export const idOf = (row: string): string => /^\| (\w+)/.exec(row)?.[1] ?? '';

function rowOf({ trial, verdicts, failures, seconds }: TrialResult): string[] {
  const ended = [...verdicts.values()];
  const count = (end: Verdict['end']) =>
    String(ended.filter((verdict) => verdict.end === end).length);
  return [
    `${trial.id}${trial.star ? '★' : ''}`,
    trial.title,
    String(ended.length + failures.length),
    count('survived'),
    count('refused'),
    count('not applicable'),
    String(failures.length),
    figuresOf(ended),
    seconds.toFixed(0),
  ];
}

/** The largest of each. */
function figuresOf(verdicts: readonly Verdict[]): string {
  const most = new Map<string, number>();
  for (const { figures } of verdicts)
    for (const [name, value] of Object.entries(figures ?? {}))
      most.set(name, Math.max(most.get(name) ?? 0, value));
  return [...most].map(([name, value]) => `${name} ${rounded(value)}`).join('; ');
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100);
