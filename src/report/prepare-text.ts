import type { PrepareResult } from '../commands/prepare.ts';
import { errorText } from './error-text.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';

/** The end of `prepare`: every need with its state, what failed and why, and what is left to be done by hand. */
export function prepareText(result: PrepareResult): string {
  const { needs, errors, commands, target, kind } = result;
  if (kind === 'none') return nothingKnown(target);
  if (needs.some(({ state }) => state === 'unknown')) return script(result);
  const rows = needs.map(({ state, what, name }) => [stateWords[state], what, `${target}/${name}`]);
  return [
    safeText(table(rows)),
    ...errors.map(errorText),
    `${target}, ${kindWords[kind]}: ${sums(result)}`,
    ...(commands.length > 0 ? ['by hand:', ...commands.map((line) => `  ${line}`)] : []),
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

function sums({ needs, dryRun }: PrepareResult): string {
  const states = Object.entries(stateWords)
    .map(([state, words]) => [needs.filter((need) => need.state === state).length, words] as const)
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`);
  return `${states.join(', ')}${dryRun ? '; a dry run: nothing was made' : ''}`;
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
