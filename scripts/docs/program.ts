import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';
import { plainStyle } from '../../src/report/style.ts';

/**
 * The command tree, to be read and not run.
 * @param print takes the result of a verb that needs nothing from outside
 */
export function commandTree(print: (text: string) => void = () => undefined): Command {
  const context = {
    env: {},
    cwd: '/',
    temporary: tmpdir(),
    now: () => new Date(),
    signal: new AbortController().signal,
    emit: () => undefined,
  };
  return buildProgram(
    context,
    Object.assign((text: string) => print(text), {
      style: plainStyle,
      beside: () => undefined,
      redact: String,
    }),
  );
}

/** What `--help` prints in a terminal of 80 columns without colours. */
export function helpText(command: Command): string {
  let text = '';
  command.configureOutput({
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}
