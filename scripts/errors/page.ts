import { exitCodes } from '../../src/report/error.ts';
import type { Documented, Entry } from './entries.ts';
import type { PlanProblem } from './plan-problems.ts';
import { roomOf, rooms } from './rooms.ts';
import { shown, type Text } from './text.ts';

/** docs/reference/errors.md. */
export function errorsPage({ entries, problems }: Documented): string {
  const codes = Object.entries(exitCodes).map(([name, code]) => section(name, code, entries));
  const parts = [
    head(entries, problems),
    ...codes,
    several(entries),
    told(entries),
    ofPlans(problems),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function head(entries: readonly Entry[], problems: readonly PlanProblem[]): string {
  return `# Errors

<!-- Made from the sources by \`npm run docs\`; explanations that the code does not give are in scripts/errors/explanations.ts. -->

Every error with which \`airgap-bundle\` and \`install.sh\` end, ${entries.length} of them, and the ${problems.length} kinds of problems that a plan
can have. An error is up to four lines on standard error, and with \`--output json\` an object in \`errors\`:

\`\`\`
error: the key file cannot be read
  given:      site.pub: ENOENT
  expected:   a PEM file
  next:       correct the path; …
\`\`\`

*Given* is what was found, *expected* what should have been, *next* what mends it. What differs from run to run stands
here as \`<word>\`. Where several things go wrong in one run, each is told, and the smallest exit code counts.

| exit code | what it means |
|---|---|
| 0 | done |
| 1 | a bug in airgap-bundle: \`error: this is a bug in airgap-bundle\`, with lines to report |
${Object.entries(exitCodes)
  .map(
    ([name, code]) =>
      `| [${code}](#exit-code-${code}) | ${meanings[name as keyof typeof exitCodes]} |`,
  )
  .join('\n')}
| 129, 130, 143 | stopped by a signal: \`interrupted by SIGINT: run again to go on\`; or not confirmed, in \`install.sh\` |

What \`doctor\` finds is not an error of the run: [its checks](../doctor.md) have names and cures of their own.`;
}

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  usage: 'usage: a flag, a file or an image that is not as it must be; nothing was sent',
  tool: 'a program that is needed is missing, too old or does not run',
  signature: 'the signature is missing, or not by a key that is trusted',
  integrity: 'content is not what its digest or the inventory says',
  policy: 'expired, older than what is there, or from a fork',
  authentication: 'a login is missing, refused, or may not do this',
  refused: 'a registry does not take it, or does not have it',
  transient: 'a network or a registry that may be back soon: run again',
  io: 'a local file or disk',
  cluster: 'the cluster is not there, not allowed, or not as it must be',
  locked: 'another run holds what this one needs',
};

function section(name: string, code: number, entries: readonly Entry[]): string {
  const those = entries.filter(({ exitCodes: codes }) => codes.length === 1 && codes[0] === code);
  const parts = rooms.map((room) =>
    group(
      room,
      those.filter((entry) => roomOf(entry) === room),
    ),
  );
  const title = `## Exit code ${code}\n\n${sentence(meanings[name as keyof typeof exitCodes])}`;
  return [title, ...parts.filter(Boolean)].join('\n\n');
}

function several(entries: readonly Entry[]): string {
  const those = entries.filter(({ exitCodes: codes }) => codes.length > 1);
  if (those.length === 0) return '';
  return `## One of several exit codes\n\nThe same failure, whose code depends on why it happened.\n\n${those.map(written).join('\n\n')}`;
}

function told(entries: readonly Entry[]): string {
  const those = entries.filter(({ exitCodes: codes }) => codes.length === 0);
  if (those.length === 0) return '';
  return `## The exit code of another error\n\nAnother error with words before it that say where it happened.\n\n${those.map(written).join('\n\n')}`;
}

function group(room: string, entries: readonly Entry[]): string {
  return entries.length === 0 ? '' : `### ${room}\n\n${entries.map(written).join('\n\n')}`;
}

function written(entry: Entry): string {
  const { anchor, message, cause, given, expected, next, exitCodes: codes } = entry;
  const lines = [
    ...(codes.length > 1 ? [`- Exit codes: ${codes.join(', ')}`] : []),
    ...listed('Given', given),
    ...listed('Expected', expected),
    ...listed('Cure', next),
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
  return `## Problems of a plan\n\n\`plan\` lists them all. One that is an error stops \`mirror\` and \`create\` with exit code 2, as \`error: KIND: MESSAGE\`; a warning does not.\n\n${parts.join('\n\n')}`;
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

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
