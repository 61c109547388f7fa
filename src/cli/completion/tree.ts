import type { Argument, Command, Option } from 'commander';
import { settings } from '../../inputs/settings.ts';
import { collect } from '../flags.ts';

/** The command line as shells complete it. */
export interface CompletionTree {
  /** Name of the program. */
  readonly name: string;
  /** Its own flags, before any verb. */
  readonly flags: readonly CompletedFlag[];
  readonly verbs: readonly CompletedVerb[];
}

export interface CompletedVerb {
  readonly name: string;
  readonly help: string;
  readonly flags: readonly CompletedFlag[];
  /** What stands after it, besides flags. */
  readonly takes: Taken;
}

export interface CompletedFlag {
  /** `--out`, and `-o` where there is one. */
  readonly names: readonly string[];
  readonly help: string;
  readonly takes: Taken;
  readonly repeats: boolean;
}

/** `text` is what no shell can know; a list is what may stand there. */
export type Taken = 'nothing' | 'text' | 'file' | 'folder' | readonly string[];

export function completionTree(program: Command): CompletionTree {
  const names = program.commands.map((verb) => verb.name());
  const help = { name: 'help', help: 'print the help of a verb', flags: [], takes: names };
  return {
    name: program.name(),
    flags: [...program.options.map(flagOf), helpFlag],
    verbs: [...program.commands.map(verbOf), help],
  };
}

const helpFlag: CompletedFlag = {
  names: ['--help', '-h'],
  help: 'print help',
  takes: 'nothing',
  repeats: false,
};

function verbOf(verb: Command): CompletedVerb {
  return {
    name: verb.name(),
    help: verb.description(),
    flags: [...verb.options.map(flagOf), helpFlag],
    takes: takenAfter(verb.registeredArguments[0]),
  };
}

function takenAfter(argument: Argument | undefined): Taken {
  if (!argument) return 'nothing';
  return argument.argChoices ?? (argument.name() === 'bundle' ? 'file' : 'text');
}

function flagOf(option: Option): CompletedFlag {
  const { long, short, description } = option;
  return {
    names: [long, short].filter((name) => name != null),
    help: description.replace(/ \[AIRGAP_BUNDLE_\w+\]$/, ''),
    takes: takenBy(option),
    repeats: option.parseArg === collect,
  };
}

/** The word in the brackets says what it is; what may be left out is not waited for. */
function takenBy({ flags, required, argChoices, long }: Option): Taken {
  if (!required) return 'nothing';
  const choices = argChoices ?? settings.find(({ name }) => `--${name}` === long)?.choices;
  if (choices) return choices;
  if (/<(file|bundle|id\|file)>/.test(flags)) return 'file';
  return flags.includes('<folder>') ? 'folder' : 'text';
}
