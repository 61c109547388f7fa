import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { exitCodeRows, wholeMeaning } from '../../src/report/exit-codes.ts';
import { markdownTable, type Page, pathOf } from './page.ts';

interface ActionFile {
  readonly inputs: Readonly<Record<string, { description: string; default?: string }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
}

/** README.md with the tables that are made where its marks are; all else in it is written by hand. */
export const readmePage: Page = {
  path: 'README.md',
  text: () => withTables(readText('README.md'), tables()),
};

function readText(path: string): string {
  return readFileSync(pathOf({ path, text: () => '' }), 'utf8');
}

/** By what their marks say. */
function tables(): Readonly<Record<string, string>> {
  const { inputs, outputs } = load(readText('action.yml')) as ActionFile;
  return {
    'inputs of action.yml': markdownTable(
      ['input', 'meaning', 'default'],
      Object.entries(inputs).map(([name, { description, default: standard }]) => [
        `\`${name}\``,
        description,
        standard === undefined ? '' : `\`${standard}\``,
      ]),
    ),
    'outputs of action.yml': markdownTable(
      ['output', 'meaning'],
      Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description]),
    ),
    'exit codes': markdownTable(
      ['code', 'class', 'what it means', 'what to do'],
      exitCodeRows.map((row) => [row.code, row.class, wholeMeaning(row), row.cure]),
    ),
  };
}

/** @throws Error where a mark is missing */
function withTables(text: string, made: Readonly<Record<string, string>>): string {
  return Object.entries(made).reduce((rest, [name, table]) => {
    const [begin, end] = [`<!-- ${name}, by npm run docs -->`, `<!-- end of ${name} -->`];
    const [from, to] = [rest.indexOf(begin), rest.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no marks for the ${name}`);
    return `${rest.slice(0, from + begin.length)}\n\n${table}\n\n${rest.slice(to)}`;
  }, text);
}
