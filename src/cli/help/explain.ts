import type { Command } from 'commander';
import { type End, exitCodeRows } from '../../report/exit-codes.ts';
import { toolName } from '../../version.ts';
import { columns, lineWidth, wrap } from './columns.ts';
import { variables } from './variables.ts';

export interface VerbHelp {
  /** Paragraphs on what is not seen from the flags; one that begins with a space stays as it is. */
  readonly notes?: readonly string[];
  readonly examples: readonly Example[];
  /** First names of rows of `variables` that the verb reads; those of settings stand beside their flags. */
  readonly variables?: readonly string[];
  /** The failures that it can end with, `usage` and what every verb can meet left out. */
  readonly ends: readonly End[];
  /** What a code means for this verb, where that is less than what it means for all. */
  readonly meanings?: Partial<Readonly<Record<End, string>>>;
}

export interface Example {
  /** What it does, in a few words. */
  readonly does: string;
  /** The words after the program's name; what follows ` > ` or ` | ` is the shell's. */
  readonly words: string;
}

/** Puts what is said of a verb below its flags. */
export function explain(verb: Command, help: VerbHelp): void {
  const { notes = [], variables: names = [] } = help;
  verb.addHelpText('after', () =>
    [
      ...notes.map(paragraph),
      section('Examples:', help.examples.map(exampleText).join('\n')),
      ...(names.length > 0 ? [section('Environment:', variableLines(names))] : []),
      section('Exit codes:', exitCodeLines(help)),
    ].join('\n'),
  );
}

function section(title: string, text: string): string {
  return `\n${title}\n${text}`;
}

function paragraph(text: string): string {
  const lines = text.startsWith(' ') ? [text] : wrap(text, lineWidth);
  return `\n${lines.join('\n')}`;
}

/** A long command line goes on in the next, as a shell takes it; no flag is parted from its value. */
export function exampleText({ does, words }: Example): string {
  const glued = words.replace(/(?<= -\S+) (?=[^-\s])/g, glue);
  const lines = wrap(`${toolName} ${glued}`, lineWidth - '      '.length - ' \\'.length);
  return `  # ${does}\n  $ ${lines.join(' \\\n      ').replaceAll(glue, ' ')}`;
}

/** A space that no line is broken at. */
const glue = '\u00a0';

function variableLines(names: readonly string[]): string {
  const rows = variables.filter(({ names: [first] }) => names.includes(first));
  return columns(
    rows.map(({ names: all, meaning }) => [all.join(', '), meaning] as const),
    32,
  );
}

/** The rows of the verb's own ends, in the order of their codes. */
export function exitCodesOf({ ends, meanings = {} }: VerbHelp) {
  const own: readonly End[] = ['done', 'bug', 'usage', ...ends, 'interrupted'];
  return exitCodeRows
    .filter((row) => own.includes(row.class))
    .map((row) => ({ ...row, meaning: meanings[row.class] ?? row.meaning }));
}

function exitCodeLines(help: VerbHelp): string {
  return columns(
    exitCodesOf(help).map(({ code, meaning }) => [code, meaning] as const),
    12,
  );
}
