import type { TrialResult } from './run-trial.ts';
import type { Verdict } from './trial.ts';

const heads = ['trial', 'promise', 'cases', 'survived', 'refused', 'n/a', 'broken', 'figures', 's'];

/** Lines of Markdown: a row a trial, then what failed and how to run just that. */
export function tableOf(results: readonly TrialResult[]): string[] {
  const ran = results.filter(({ verdicts, failures }) => verdicts.size + failures.length > 0);
  const rule = heads.map((_, at) => (at < 2 ? '---' : '--:'));
  const rows = [heads, rule, ...ran.map(rowOf)].map((cells) => `| ${cells.join(' | ')} |`);
  return [...rows, ...ran.flatMap(firstFailure)];
}

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

function firstFailure({ trial, failures: [first] }: TrialResult): string[] {
  if (first === undefined) return [];
  return ['', `${trial.id}, ${first.case}: ${first.why.split('\n', 1)[0]}`, `    ${first.command}`];
}
