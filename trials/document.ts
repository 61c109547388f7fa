import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machine, today } from '../bench/machine.ts';
import { versionOf } from '../bench/version.ts';
import { faultRows } from './network/fault-table.ts';
import type { Options } from './options.ts';
import type { TrialResult } from './run-trial.ts';
import { didRun, firstFailures, idOf, tableOf } from './table.ts';

const path = join(import.meta.dirname, '..', 'docs', 'reliability.md');

/** Puts the figures of what ran in the place of their older selves; the words around them are people's. */
export async function writeDocument(
  results: readonly TrialResult[],
  options: Options,
): Promise<void> {
  const ran = results.filter(didRun);
  const before = await readFile(path, 'utf8');
  const withTable = replaced(before, 'trials', (old) => mergedTable(old, ran, options));
  const faults = ran.find(({ trial }) => trial.id === 'faults');
  const text = faults
    ? replaced(withTable, 'faults', () => [about(options), '', ...faultRows(faults)])
    : withTable;
  await writeFile(path, text);
}

/** What the figures were made with. */
export function about({ size, seed }: Pick<Options, 'size' | 'seed'>): string {
  const tools = [
    `oras ${versionOf('oras', ['version'], /^Version:\s+v?([^\s+]+)/m)}`,
    `distribution ${versionOf('registry', ['--version'], / v?([^\s+]+)(?:\+unknown)?$/m)}`,
    `docker-registry ${versionOf('docker-registry', ['--version'], / v?(\S+)$/m)}`,
    `crane ${versionOf('crane', ['version'], /^v?(\S+)/m)}`,
  ];
  return `${today()}, size ${size}, seed ${seed}; ${tools.join(', ')}; ${machine()}.`;
}

/** Rows of trials that did not run stay as they are. */
function mergedTable(old: string, ran: readonly TrialResult[], options: Options): string[] {
  const [head = '', rule = '', ...fresh] = withRun(tableOf(ran), options);
  const rows = new Map(
    old
      .split('\n')
      .filter(isRow)
      .map((row) => [idOf(row), row]),
  );
  for (const row of fresh) rows.set(idOf(row), row);
  const sorted = [...rows].toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const failures = [...keptFailures(old, ran), ...firstFailures(ran)];
  return [
    `The last of these runs: ${about(options)}`,
    '',
    head,
    rule,
    ...sorted.map(([, row]) => row),
    ...(failures.length > 0 ? ['', 'Broken:', ...failures] : []),
  ];
}

/** What was broken in trials that did not run: `ID, case: message`, and the line that runs it again. */
function keptFailures(old: string, ran: readonly TrialResult[]): string[] {
  const ids = new Set(ran.map(({ trial }) => trial.id));
  const failures = [...old.matchAll(/^(\w+), .*\n\n {4}npm run trials .*$/gm)];
  return failures.filter(([, id = '']) => !ids.has(id)).flatMap(([text]) => ['', text]);
}

/** Of each row when it was made and by which cases: others may be older. */
function withRun(
  [head, rule, ...rows]: readonly string[],
  { size, seed }: Pick<Options, 'size' | 'seed'>,
): string[] {
  const run = ` ${today()}, ${size}, seed ${seed} |`;
  return [`${head} run |`, `${rule} --- |`, ...rows.map((row) => row + run)];
}

const isRow = (line: string): boolean => /^\| (?:T\d|faults|chaos)/.test(line);

/** @param name of the marks `<!-- NAME -->` and `<!-- end of NAME -->` */
function replaced(text: string, name: string, make: (old: string) => readonly string[]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no ${begin}`);
  const old = text.slice(from + begin.length, to);
  return `${text.slice(0, from)}${begin}\n\n${make(old).join('\n')}\n\n${text.slice(to)}`;
}
