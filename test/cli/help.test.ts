import { describe, expect, test } from 'vitest';
import { commandTree, helpText } from '../../scripts/docs/program.ts';
import { exitCodesOf } from '../../src/cli/help/explain.ts';
import { variables } from '../../src/cli/help/variables.ts';
import { verbHelp } from '../../src/cli/help/verb-help.ts';
import { settings, variableOf } from '../../src/inputs/settings.ts';
import { readSources } from '../house/sources.ts';

const tree = commandTree();
const verbs = tree.commands.map((verb) => ({ name: verb.name(), verb }));
const examples = Object.entries(verbHelp).flatMap(([name, help]) =>
  help.examples.map(({ words }) => ({ name, words })),
);

test('every verb has its help, and no help is of no verb', () => {
  expect(Object.keys(verbHelp).sort()).toEqual(verbs.map(({ name }) => name).sort());
});

describe.each(verbs)('$name --help', ({ name, verb }) => {
  const text = helpText(verb);

  test('has a line for every flag and argument, each with words', () => {
    for (const { flags, description } of verb.options) {
      expect(text).toMatch(new RegExp(`^  ${escaped(flags)}(  |$)`, 'm'));
      expect(description).not.toBe('');
    }
    for (const argument of verb.registeredArguments)
      expect(text).toMatch(new RegExp(`^  ${argument.name()} {2,}\\S`, 'm'));
  });

  test('has two examples, each told in a word', () => {
    expect(verbHelp[name]?.examples.length).toBeGreaterThanOrEqual(2);
    expect(text.match(new RegExp(`^  # .+\n  \\$ airgap-bundle ${name}( |$)`, 'gm'))?.length).toBe(
      verbHelp[name]?.examples.length,
    );
  });

  test('has the codes that it can end with, a line each', () => {
    const help = verbHelp[name];
    const codes = help ? exitCodesOf(help).map(({ code }) => code) : [];
    const shown = text.slice(text.indexOf('\nExit codes:\n')).match(/^ {2}\d[\d, ]*(?= {2})/gm);
    expect(shown?.map((code) => code.trim())).toEqual(codes);
    expect(codes).toEqual(expect.arrayContaining(['0', '1', '2', '130, 143']));
  });

  test('fits 80 columns', () => {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

test('the help of the whole fits 80 columns, and says what to run first and where to read on', () => {
  const text = helpText(tree);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const order = [
    'Mirrors the images',
    'The usual order:',
    'Getting ready:',
    'Exit codes:',
    'Read on:',
  ];
  expect([...order].sort((a, b) => text.indexOf(a) - text.indexOf(b))).toEqual(order);
  for (const words of order) expect(text).toContain(words);
});

describe('an example is taken by the program', () => {
  test.each(examples)('$words', async ({ name, words }) => {
    let taken = '';
    const program = commandTree();
    for (const verb of program.commands) {
      verb.action(() => {
        taken = verb.name();
      });
    }
    const [line = ''] = words.split(/ [>|] /);
    await program.parseAsync(line.split(' '), { from: 'user' });
    expect(taken).toBe(name);
  });
});

const byName = /\benv\.([A-Za-z_]+)/g;
/** `{ A: a, B } = env` and `{ A }: Environment`. */
const takenApart = /\b([A-Z][A-Z_]+)\b(?=[^{}]*\}(?: = env\b|: Environment\b))/g;

describe('variables', () => {
  const known = [...variables.flatMap(({ names }) => names), ...settings.map(variableOf)];

  test('that the code reads are all told', () => {
    const read = readSources()
      .filter(({ path }) => path !== 'action.ts' && !path.startsWith('action/'))
      .flatMap(({ code }) => [...code.matchAll(byName), ...code.matchAll(takenApart)])
      .map(([, name = '']) => name.toUpperCase());
    expect(read.filter((name) => !known.includes(name))).toEqual([]);
    expect(read).toEqual(expect.arrayContaining(['DOCKER_CONFIG', 'NO_COLOR', 'TERM']));
  });

  test.each(Object.entries(verbHelp))('that %s names are rows of the table', (_, help) => {
    const first = variables.map(({ names: [name] }) => name);
    expect((help.variables ?? []).filter((name) => !first.includes(name))).toEqual([]);
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
