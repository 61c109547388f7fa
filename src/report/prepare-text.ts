import type { PrepareResult } from '../commands/prepare.ts';
import { errorLines } from './error-text.ts';
import { command, fileWords, type Given, keyWords, nextText, quoted } from './next.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { table } from './table.ts';

/** The end of `prepare`: every need with its state, what failed and why, and what is left to be done by hand. */
export function prepareText(
  result: PrepareResult,
  style: Style = plainStyle,
  given: Given = {},
): string {
  const { needs, errors, commands, target, kind } = result;
  if (kind === 'none') return [nothingKnown(target), ...nextLines(result, style, given)].join('\n');
  if (needs.some(({ state }) => state === 'unknown')) return script(result);
  const rows = needs.map(({ state, what, name }) => [stateWords[state], what, `${target}/${name}`]);
  return [
    safeText(table(rows)),
    ...errors.map((error) => errorLines(error, style)),
    `${headWord(result, style)}${safeText(target)}, ${kindWords[kind]}: ${sums(result)}`,
    ...(commands.length > 0 ? ['by hand:', ...commands.map((line) => `  ${line}`)] : []),
    ...nextLines(result, style, given),
  ].join('\n');
}

const kindWords = { harbor: 'Harbor', ecr: 'Amazon ECR' } as const;

const stateWords = {
  exists: 'there already',
  made: 'made',
  missing: 'missing',
  unknown: 'not looked for',
  failed: 'FAILED',
} as const;

function headWord({ errors, dryRun }: PrepareResult, { paint }: Style): string {
  if (errors.length > 0) return `${paint('error', 'failed:')} `;
  return dryRun ? '' : `${paint('done', 'done:')} `;
}

function sums({ needs, dryRun }: PrepareResult): string {
  const states = Object.entries(stateWords)
    .map(([state, words]) => [needs.filter((need) => need.state === state).length, words] as const)
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`);
  return `${states.join(', ')}${dryRun ? '; a dry run: nothing was made' : ''}`;
}

/** What the target was made ready for. */
function nextLines({ errors, dryRun }: PrepareResult, style: Style, given: Given): string[] {
  const { bundle, file } = given;
  if (errors.length > 0 || dryRun || (bundle ?? file) === undefined) return [];
  const line =
    bundle === undefined
      ? command('mirror', fileWords(given))
      : command('load', quoted(bundle), keyWords(given) || undefined);
  return nextText('push the images', [line], style);
}

/** Goes into a file, or into `sh`, as it is. */
function script({ target, commands }: PrepareResult): string {
  return [
    `# NOTHING WAS MADE: there is no aws here. ${target} wants ${counted(commands.length)} before a push;`,
    '# run this where the AWS CLI is. One that is there already is told (RepositoryAlreadyExistsException) and kept.',
    ...commands,
  ].join('\n');
}

function counted(number: number): string {
  return number === 1 ? '1 repository' : `${number} repositories`;
}

function nothingKnown(target: string): string {
  return [
    `${target} is neither Harbor nor Amazon ECR: nothing to prepare is known`,
    'most registries make a repository at the first push; where one wants it made, or what it lies in:',
    '  airgap-bundle plan --output repositories',
  ].join('\n');
}
