import { judge } from '../test/recorded/judge.ts';
import { readRecords } from '../test/recorded/records.ts';

/** What the last run of each test file leaves to be produced, of all that is documented: `npm run errors`. */
const { missing, unknown } = judge(readRecords());
const list = (title: string, lines: readonly string[]) =>
  console.log([`${lines.length} ${title}`, ...lines.map((line) => `  ${line}`)].join('\n'));
list('documented errors that no test has produced here', missing);
list('errors that tests have produced here and that are not documented', unknown);
