import { type ExitCodeRow, exitCodeRows } from '../../src/report/exit-codes.ts';
import { heading, type Page } from '../docs/page.ts';
import { type Documented, type Entry, readDocumented } from './entries.ts';
import type { PlanProblem } from './plan-problems.ts';
import { roomOf, rooms } from './rooms.ts';
import { shown, type Text } from './text.ts';

export const errorsPage: Page = {
  path: 'docs/reference/errors.md',
  text: () => textOf(readDocumented()),
};

function textOf({ entries, problems }: Documented): string {
  const sections = exitCodeRows.map((row) => section(row, entries));
  const parts = [head(), ...sections, several(entries), told(entries)];
  return `${[...parts, ofPlans(problems)].filter(Boolean).join('\n\n')}\n`;
}

function head(): string {
  return `${heading('Errors', 'the calls in `src` that make errors')}
Every error with which \`airgap-bundle\` and \`install.sh\` end, and every kind of problem that a plan can have; each is
produced by a test, save where it says otherwise. An error is up to four lines on standard error:

\`\`\`
error: the key file cannot be read
  given:     site.pub: ENOENT
  expected:  a PEM file
  next:      correct the path; …
\`\`\`

*Given* is what was found, *expected* what should have been, *next* what mends it. Here \`<word>\` stands for what differs
from run to run. Where several things go wrong in one run, each is told. They are in the order of their
[exit codes](exit-codes.md). What \`doctor\` finds is not an error of the run: [its checks](../doctor.md) have names and
cures of their own.`;
}

function section({ code: name, meaning }: ExitCodeRow, entries: readonly Entry[]): string {
  const those = entries.filter(
    ({ exitCodes }) => exitCodes.length === 1 && String(exitCodes[0]) === name,
  );
  const groups = rooms.map((room) =>
    group(
      room,
      those.filter((entry) => roomOf(entry) === room),
    ),
  );
  if (those.length === 0) return '';
  return [`## Exit code ${name}: ${meaning}`, ...groups.filter(Boolean)].join('\n\n');
}

function several(entries: readonly Entry[]): string {
  const those = entries.filter(({ exitCodes }) => exitCodes.length > 1);
  const intro = 'The same failure; its code depends on why it happened.';
  return ['## One of several exit codes', intro, ...those.map(written)].join('\n\n');
}

function told(entries: readonly Entry[]): string {
  const those = entries.filter(({ exitCodes }) => exitCodes.length === 0);
  const intro = 'Another error, with words before it that say where it happened.';
  return ['## The exit code of another error', intro, ...those.map(written)].join('\n\n');
}

function group(room: string, entries: readonly Entry[]): string {
  return entries.length === 0 ? '' : `### ${room}\n\n${entries.map(written).join('\n\n')}`;
}

function written(entry: Entry): string {
  const { anchor, message, cause, given, expected, next, exitCodes: codes, untested } = entry;
  const lines = [
    ...(codes.length > 1 ? [`- Exit codes: ${codes.join(', ')}`] : []),
    ...listed('Given', given),
    ...listed('Expected', expected),
    ...listed('Cure', next),
    ...(untested ? [`- No test produces it: ${untested}`] : []),
  ];
  const title = `<a id="${anchor}"></a>\n\n#### ${code(shown(message))}`;
  return [title, cause, lines.join('\n')].filter(Boolean).join('\n\n');
}

function ofPlans(problems: readonly PlanProblem[]): string {
  const parts = problems.map(({ kind, severities, messages, cures }) =>
    [
      `<a id="plan-${kind.replaceAll('.', '-')}"></a>\n\n#### ${code(kind)} (${severities.join(' or ')})`,
      [...listed('Message', messages), ...listed('Cure', cures)].join('\n'),
    ].join('\n\n'),
  );
  const intro =
    '`plan` lists them all. One that is an error stops `mirror` and `create` with exit code 2, as `error: KIND: MESSAGE`; a warning does not.';
  return ['## Problems of a plan', intro, ...parts].join('\n\n');
}

/** One line, or where there are several a list of them. */
function listed(label: string, texts: readonly Text[]): string[] {
  const [only, ...others] = texts.map(inProse);
  if (only === undefined) return [];
  if (others.length === 0) return [`- ${label}: ${only}`];
  return [`- ${label}, one of:`, ...[only, ...others].map((text) => `  - ${text}`)];
}

/** Names and commands in it stay as they are written; a hole is in italics, in code in angle brackets. */
function inProse(text: Text): string {
  const parts = shown(text)
    .replaceAll(/\s+/g, ' ')
    .trim()
    .split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith('`') ? part : plain(part))).join('');
}

function plain(text: string): string {
  return text
    .replaceAll(/([*_\\[\]])/g, '\\$1')
    .replaceAll(/<([a-z][^<>]*)>/g, '*$1*')
    .replaceAll('<', '&lt;');
}

function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}
