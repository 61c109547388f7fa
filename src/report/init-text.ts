import { basename, dirname } from 'node:path';
import type { InitResult } from '../commands/init.ts';
import { command, quoted } from './next.ts';
import { safeText } from './safe.ts';
import type { Style } from './style.ts';

/** The end of `init`: what was written, what was left out, and what to type next. */
export function initText(result: InitResult, style: Style): string {
  const { file, written, leftOut, emptyList, key } = result;
  return [
    ...written.map((path) => safeText(`${path}  ${aboutFile(path, result)}`)),
    ...(leftOut.length > 0 ? [safeText(leftOutText(leftOut))] : []),
    '',
    safeText(`next, in ${dirname(file)}:`),
    ...(emptyList ? [safeText(`  put the images into ${emptyList}, one a line`)] : []),
    ...nextCommands(file, key).map((line) => style.paint('strong', `  ${line}`)),
  ].join('\n');
}

function leftOutText(names: readonly string[]): string {
  const isCredential = names.some((name) => name === 'username' || name === 'password');
  return `left out of the values: ${names.join(', ')}${isCredential ? ' (the pull credential is given on site)' : ''}`;
}

function aboutFile(path: string, { file, emptyList }: InitResult): string {
  if (path === file) return 'look through it: every field has its comment';
  return path === emptyList ? 'no image is in it yet' : 'what editors check it by';
}

function nextCommands(file: string, key: string | null): string[] {
  const name = basename(file);
  const named = name === 'bundle.yaml' ? undefined : `-f ${quoted(name)}`;
  return [
    ...(key === null ? [] : [command('keygen', '--out', quoted(key.replace(/^\.\//, '')))]),
    command('plan', named),
  ];
}
