import { exitCodesOf } from '../../src/cli/help/explain.ts';
import { verbHelp } from '../../src/cli/help/verb-help.ts';
import { exitCodeRows, wholeMeaning } from '../../src/report/exit-codes.ts';
import { heading, markdownTable, type Page } from './page.ts';

export const exitCodesPage: Page = {
  path: 'docs/reference/exit-codes.md',
  text: () =>
    [
      heading('Exit codes', '`src/report/exit-codes.ts` and the verbs'),
      'The command line, the Action and `install.sh` end with the same codes. Of several kinds of failure in one run the',
      'smallest code above 1 counts; `--output json` lists all of them, each with `class`, `exitCode`, `message` and, where',
      'there is something to say, `given`, `expected` and `next`.\n',
      markdownTable(
        ['code', 'class', 'what it means', 'what to do'],
        exitCodeRows.map((row) => [row.code, `\`${row.class}\``, wholeMeaning(row), row.cure]),
      ),
      '\n## Who ends with which\n',
      markdownTable(
        ['verb', ...exitCodeRows.map(({ code }) => code)],
        Object.entries(verbHelp).map(([verb, help]) => {
          const own = exitCodesOf(help).map(({ code }) => code);
          return [
            `\`${verb}\``,
            ...exitCodeRows.map(({ code }) => (own.includes(code) ? '•' : '')),
          ];
        }),
      ),
      '',
    ].join('\n'),
};
