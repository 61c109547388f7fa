import { Command } from 'commander';
import type { Context } from '../context.ts';
import type { Style } from '../report/style.ts';
import { toolName, toolVersion } from '../version.ts';
import { addDerive, addInspect, addLoad, addVerify } from './bundle-verbs.ts';
import { addCompletion } from './completion-verb.ts';
import { addDiff } from './diff-verb.ts';
import { addDoctor } from './doctor-verb.ts';
import type { Flags } from './flags.ts';
import { explain } from './help/explain.ts';
import { about, explainProgram } from './help/program-help.ts';
import { verbHelp } from './help/verb-help.ts';
import { addImages } from './images-verb.ts';
import { addInit } from './init-verb.ts';
import { addPrepare } from './prepare-verb.ts';
import { addCreate, addKeygen, addMirror, addPlan, addResolve } from './source-verbs.ts';

/** Takes a verb's result text and the exit code that belongs to it. */
export interface Finish {
  (text: string, exitCode: number): void;
  /** How text looks there. */
  readonly style: Style;
  /** What people read beside a result that is for a program, on standard error. */
  beside(text: (style: Style) => string): void;
  /** Takes secrets out of what goes elsewhere, into files. */
  readonly redact: (text: string) => string;
}

/** What the command line asks of the door, as far as it is read. */
export function doorFlags(program: Command): { isQuiet: boolean; wantsJson: boolean } {
  const [name] = program.args;
  const verb = program.commands.find((one) => one.name() === name) ?? unknownVerb(program.args);
  const { quiet, output } = verb.opts<Flags>();
  return { isQuiet: quiet === true, wantsJson: output === 'json' };
}

/** A mistyped verb has its flags all the same. */
function unknownVerb(args: readonly string[]): Command {
  const verb = new Command().option('--output [form]').option('--quiet');
  verb.parseOptions([...args]);
  return verb;
}

/** The command tree, each verb with its help. */
export function buildProgram(context: Context, finish: Finish): Command {
  const program = new Command(toolName)
    .description(about)
    .usage('VERB [options]')
    .version(toolVersion, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showSuggestionAfterError()
    .exitOverride();
  for (const [group, verbs] of Object.entries(verbGroups)) {
    program.commandsGroup(`${group}:`);
    for (const add of verbs) add(program, context, finish);
  }
  program.helpCommand('help [verb]', 'print the help of a verb');
  explainProgram(program);
  for (const verb of program.commands) {
    verb.exitOverride();
    const help = verbHelp[verb.name()];
    if (help) explain(verb, help);
  }
  return program;
}

type AddVerb = (program: Command, context: Context, finish: Finish) => void;

/** The verbs in the order in which people need them. */
const verbGroups: Readonly<Record<string, readonly AddVerb[]>> = {
  'Getting ready': [addInit, addKeygen, addImages, addResolve],
  'Before the gap': [addPlan, addPrepare, addMirror, addCreate],
  'Behind the gap': [addVerify, addLoad, addDerive, addDoctor],
  'On either side': [addInspect, addDiff, addCompletion],
};
