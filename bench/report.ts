import { judge } from './judge.ts';
import { machine, today } from './machine.ts';
import type { Result } from './rounds.ts';
import { counted, mebi, most, type Row, rowsOf } from './rows.ts';
import type { Run } from './step.ts';
import { meaning, type Work, works } from './works.ts';

/** One work of one profile, as Markdown. */
export interface Section {
  readonly profile: string;
  readonly work: Work;
  readonly text: string;
}

export function sectionsOf(results: readonly Result[], rounds: number): Section[] {
  return works
    .filter((work) => results.some((result) => result.work === work))
    .map((work) =>
      sectionOf(
        work,
        results.filter((result) => result.work === work),
        rounds,
      ),
    );
}

function sectionOf(work: Work, results: readonly Result[], rounds: number): Section {
  const profile = results[0]?.profile ?? '';
  const rows = rowsOf(results);
  const text = [
    `### ${profile}: ${work}`,
    '',
    `${meaning[work]}. ${today()}, ${rounds === 1 ? 'one run' : `median of ${rounds} runs`}, ${machine()}.`,
    '',
    ...table(rows),
    '',
    ...judge(profile, work, rows).map((line) => `- ${line}`),
  ].join('\n');
  return { profile, work, text };
}

const heads = [
  'contestant',
  'seconds',
  'CPU s',
  'registries’ CPU s',
  'cores busy',
  'memory MiB',
  'disk MiB',
  'sent MiB',
  'asked of the source',
  'asked of the target',
];

function table(rows: readonly Row[]): string[] {
  const cells = rows.toSorted((a, b) => counted(a.median) - counted(b.median)).map(cellsOf);
  return [heads, heads.map((_, at) => (at === 0 ? '---' : '--:')), ...cells].map(
    (row) => `| ${row.join(' | ')} |`,
  );
}

function cellsOf({ contestant, runs, median }: Row): string[] {
  return [
    `${contestant.name} ${contestant.version()}`,
    secondsText(runs, median),
    `${median.cpu.toFixed(2)}${partsText(median.cpuOf, (cpu) => cpu.toFixed(1))}`,
    median.registriesCpu.toFixed(2),
    ((median.cpu + median.registriesCpu) / median.seconds).toFixed(1),
    `${mebi(most(runs, (run) => run.peakMemory))}${partsText(median.memoryOf, mebi)}`,
    mebi(most(runs, (run) => run.disk)),
    mebi(median.sent),
    requestsText(median.source),
    requestsText(median.target),
  ];
}

function secondsText(runs: readonly Run[], median: Run): string {
  const all = runs.length > 1 ? ` (${runs.map((run) => counted(run).toFixed(2)).join(', ')})` : '';
  const apart = median.firstPart ? ` + ${median.firstPart.toFixed(2)} verifying` : '';
  return `${counted(median).toFixed(2)}${all}${apart}`;
}

/** The three programs of the tree that count most. */
function partsText(
  parts: Readonly<Record<string, number>>,
  show: (value: number) => string,
): string {
  const sorted = Object.entries(parts)
    .filter(([name]) => name !== 'bash' && name !== 'xargs')
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3);
  if (sorted.length < 2) return '';
  return ` (${sorted.map(([name, value]) => `${name} ${show(value)}`).join(', ')})`;
}

function requestsText({ mounts, ...methods }: Run['source']): string {
  const asked = Object.entries(methods).filter(([, count]) => count > 0);
  const text = asked.map(([method, count]) => `${method.toUpperCase()} ${count}`).join(', ');
  return mounts > 0 ? `${text} (${mounts} mounted)` : text || 'nothing';
}
