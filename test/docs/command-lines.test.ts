import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram, type Finish } from '../../src/cli/program.ts';
import type { Context } from '../../src/context.ts';
import { installScriptPath } from '../../src/install/assets.ts';
import { blocksOf, pages } from './page.ts';

const program = buildProgram({} as Context, {} as Finish);
const verbs = new Map(program.commands.map((verb) => [verb.name(), verb]));
const script = readFileSync(installScriptPath(), 'utf8');

const lines = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ lang }) => ['sh', 'bash', 'console', ''].includes(lang ?? ''))
    .flatMap(({ text }) => commandsIn(text))
    .map((words) => ({ page, line: words.join(' '), words })),
);
const ours = lines.filter(({ words }) => words[0] === 'airgap-bundle');
const installs = lines.filter(({ words }) => words[0] === 'install.sh');

test.each(ours)('$page: $line', ({ words: [, name = '', ...rest] }) => {
  if (name.startsWith('-')) return expect(flagsOf(program)).toContain(name);
  const verb = verbs.get(name);
  expect([...verbs.keys()]).toContain(name);
  const flags = [...flagsOf(program), ...flagsOf(verb ?? new Command()), '--help'];
  for (const flag of flagsIn(rest)) expect(flags).toContain(flag);
});

test.each(installs)('$page: $line', ({ words }) => {
  for (const flag of flagsIn(words)) expect(script).toContain(`${flag})`);
});

test('both are in the documentation', () => {
  expect(ours.length).toBeGreaterThan(30);
  expect(installs.length).toBeGreaterThan(5);
});

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag != null);
}

const flagsIn = (words: readonly string[]) =>
  words.filter((word) => /^-/.test(word)).map((word) => word.replace(/=.*/, ''));

/** Each call of this program or of install.sh in a shell block, as words from its name on; `…` and what is quoted is one. */
function commandsIn(text: string): string[][] {
  return text
    .replace(/\\\n/g, ' ')
    .split(/\n|&&|\|\|?|;/)
    .map((line) => line.replace(/(^|\s)#.*/, '').match(/"[^"]*"|'[^']*'|\S+/g) ?? [])
    .map(([...words]) => (words[0] === '$' ? words.slice(1) : words))
    .map(([...words]) => nameFirst(words))
    .filter((words) => words.length > 1);
}

function nameFirst(words: string[]): string[] {
  const [one = '', two = ''] = words;
  if (one === 'node' && two.endsWith('bundle.js')) return ['airgap-bundle', ...words.slice(2)];
  if (one === 'sh' && two.endsWith('install.sh')) return ['install.sh', ...words.slice(2)];
  return one === 'airgap-bundle' ? words : [];
}
