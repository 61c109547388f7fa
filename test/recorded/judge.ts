import { type Documented, type Entry, readDocumented } from '../../scripts/errors/entries.ts';
import { pattern, shown, weight } from '../../scripts/errors/text.ts';
import { exitCodes } from '../../src/report/error.ts';
import type { Record } from './records.ts';

/** What of the documentation was produced, and what was produced without being in it. */
export interface Judgement {
  /** Lines, each an error that no test produced. */
  readonly missing: readonly string[];
  /** Lines, each something that a test produced and that is not documented. */
  readonly unknown: readonly string[];
}

interface Known extends Entry {
  readonly matches: RegExp;
  readonly weight: number;
}

export function judge(
  records: readonly { testFile: string; record: Record }[],
  documented: Documented = readDocumented(),
): Judgement {
  const known = documented.entries
    .map((entry) => ({ ...entry, matches: pattern(entry.message), weight: weight(entry.message) }))
    .sort((one, other) => other.weight - one.weight);
  const produced = new Set<string>();
  const unknown = new Set<string>();
  for (const { testFile, record } of records) {
    const found = whatIs(record, known, documented);
    if (found === undefined) unknown.add(`${told(record)}   by ${testFile}`);
    else for (const name of [found, innerOf(record, known)]) if (name) produced.add(name);
  }
  return { missing: missingIn(documented, produced), unknown: [...unknown] };
}

function missingIn({ entries, problems }: Documented, produced: ReadonlySet<string>): string[] {
  const missing = entries.filter(({ anchor, untested }) => !untested && !produced.has(anchor));
  const kinds = problems.map(({ kind }) => kind).filter((kind) => !produced.has(`plan: ${kind}`));
  return [
    ...missing.map(
      ({ by, exitCodes: codes, message, places }) =>
        `${by} ${codes.join('/') || '*'}: ${shown(message)}   (${places[0]})`,
    ),
    ...kinds.map((kind) => `a plan's problem: ${kind}`),
  ];
}

/** Anchor or problem; undefined for what is not documented, empty for what is told elsewhere. */
function whatIs(
  record: Record,
  known: readonly Known[],
  documented: Documented,
): string | undefined {
  if (record.kind === 'problem') return problemOf(record, documented);
  return record.kind === 'made' ? made(record, known, documented) : said(record, known, documented);
}

function problemOf(
  { problem, message }: Record & { kind: 'problem' },
  { problems }: Documented,
): string | undefined {
  const found = problems.find(({ kind }) => kind === problem);
  return found?.messages.some((text) => pattern(text).test(message))
    ? `plan: ${problem}`
    : undefined;
}

function made(
  { class: name, message, file }: Record & { kind: 'made' },
  known: readonly Known[],
  { repeaters }: Documented,
): string | undefined {
  const code = exitCodes[name as keyof typeof exitCodes];
  const found = known.find(
    ({ by, exitCodes: codes, matches, places }) =>
      by === 'airgap-bundle' &&
      (codes.length === 0 || codes.includes(code)) &&
      (file === '' || places.some((place) => place.startsWith(`${file}:`))) &&
      matches.test(message),
  );
  return found?.anchor ?? (repeaters.includes(file) ? '' : undefined);
}

function said(
  { by, message, exitCode }: Record & { kind: 'said' },
  known: readonly Known[],
  { problems }: Documented,
): string | undefined {
  if (always.test(message)) return '';
  const kind = /^([a-z0-9.-]+): /.exec(message)?.[1];
  if (problems.some((problem) => problem.kind === kind)) return `plan: ${kind}`;
  const possible = known.filter(({ matches }) => matches.test(message));
  const own = possible.filter((entry) => entry.by === by);
  const right = own.find(({ exitCodes: codes }) => exitCode !== null && codes.includes(exitCode));
  const found = right ?? own[0] ?? possible[0] ?? inside(message, known);
  return found?.anchor;
}

/** An image that could not be resolved tells by what error. */
function innerOf(record: Record, known: readonly Known[]): string | undefined {
  const rest = record.kind === 'said' && /^unresolved: ([\s\S]*)$/.exec(record.message)?.[1];
  return rest ? inside(rest.replace(/ \([^()]*\)$/, ''), known)?.anchor : undefined;
}

/** `IMAGE (ORIGIN): what is wrong with it`. */
function inside(message: string, known: readonly Known[]): Known | undefined {
  const inner = /^\S+ \([\s\S]*?\): ([\s\S]*)$/.exec(message)?.[1];
  return inner === undefined ? undefined : known.find(({ matches }) => matches.test(inner));
}

/** Ends that have their own lines at the head of the page. */
const always =
  /^(?:this is a bug in airgap-bundle|the result cannot be written|interrupted by SIG|and \d+ more errors)/;

function told(record: Record): string {
  if (record.kind === 'made') return `${record.file} ${record.class}: ${record.message}`;
  if (record.kind === 'problem') return `a plan's problem: ${record.problem}: ${record.message}`;
  return `${record.by} ${record.exitCode}: ${record.message}`;
}
