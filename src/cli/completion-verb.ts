import { Argument, type Command } from 'commander';
import type { Context } from '../context.ts';
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { type CompletionTree, completionTree } from './completion/tree.ts';
import { zshScript } from './completion/zsh.ts';
import type { Finish } from './program.ts';

const scripts: Readonly<Record<string, (tree: CompletionTree) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `completion`: a script that knows all of the command line, and starts no program of ours while it completes. */
export function addCompletion(program: Command, _context: Context, finish: Finish): void {
  program
    .command('completion')
    .description('print a script that completes verbs, flags and values in your shell')
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(Object.keys(scripts)))
    .action((shell: string) => {
      const script = scripts[shell];
      if (script) finish(script(completionTree(program)), 0);
    });
}
