import { Command } from 'commander';
import type { Context } from '../context.ts';
import type { Style } from '../report/style.ts';
import { toolName, toolVersion } from '../version.ts';
import { addBundleVerbs } from './bundle-verbs.ts';
import { addDiff } from './diff-verb.ts';
import { addDoctor } from './doctor-verb.ts';
import type { Flags } from './flags.ts';
import { addPrepare } from './prepare-verb.ts';
import { addSourceVerbs } from './source-verbs.ts';

/** Takes a verb's result text and the exit code that belongs to it. */
export interface Finish {
  (text: string, exitCode: number): void;
  /** How text looks there. */
  readonly style: Style;
}

const exitCodeHelp = `
Exit codes: 0 done, 1 our bug, 2 usage or input, 3 tool missing, 4 signature, 5 integrity, 6 policy,
7 authentication, 8 refused by the target, 9 transient (run again), 10 local I/O, 11 cluster, 12 locked`;

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

/** The command tree: one verb a file in commands/, the ones before the gap first. */
export function buildProgram(context: Context, finish: Finish): Command {
  const program = new Command(toolName)
    .description(
      'Mirror the images a cluster needs, bundle them signed, install them behind an air gap.',
    )
    .version(toolVersion, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', exitCodeHelp)
    .showSuggestionAfterError()
    .exitOverride();
  addSourceVerbs(program, context, finish);
  addPrepare(program, context, finish);
  addBundleVerbs(program, context, finish);
  addDiff(program, context, finish);
  addDoctor(program, context, finish);
  for (const verb of program.commands) verb.exitOverride();
  return program;
}
