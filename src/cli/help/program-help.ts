import type { Command } from 'commander';
import { exitCodeRows } from '../../report/exit-codes.ts';
import { toolName } from '../../version.ts';
import { columns } from './columns.ts';

/** What the help of the whole begins with; the spaces keep its lines as they are. */
export const about = `Mirrors the images that a Kubernetes cluster needs, bundles them signed into one
tar, and installs them behind an air gap.

The usual order:
  $ ${toolName} init                      # once: a bundle.yaml
  $ ${toolName} keygen --out bundle.key   # once: the key that signs it
  $ ${toolName} plan                      # what goes where, what is wrong
  $ ${toolName} mirror                    # where the target is in reach
  $ ${toolName} create -o out             # where not: a tar to carry
and behind the gap:
  $ sh install.sh NAME-VERSION.tar --key bundle.pub`;

/** Puts what holds for all verbs below their list. */
export function explainProgram(program: Command): void {
  const codes = exitCodeRows.map(({ code, meaning }) => [code, meaning] as const);
  program.addHelpText('after', `\nExit codes:\n${columns(codes, 12)}\n${whereNext}`);
}

const whereNext = `
Read on:
  ${toolName} VERB --help   flags, examples and exit codes of a verb
  README.md                   what it is for, from the first bundle to the last
  docs/reference/             every verb, field, variable and exit code
  docs/                       each part in depth`;
