import { toolName } from '../version.ts';
import type { Style } from './style.ts';

/** What the command line was given, as far as the next one says it again. */
export interface Given {
  /** The bundle file. */
  readonly file?: string | undefined;
  /** The bundle, as it was named. */
  readonly bundle?: string | undefined;
  /** The bundle that a delta builds on. */
  readonly since?: string | undefined;
  /** Public keys. */
  readonly keys?: readonly string[];
}

/**
 * What to do now that this is done: what for, and the command lines, which are never broken.
 * @param words ends without a colon
 */
export function nextText(
  words: string,
  commands: readonly string[],
  { paint }: Pick<Style, 'paint'>,
): string[] {
  const lines = commands.map((command) => `  ${paint('strong', command)}`);
  return ['', `${paint('dim', 'next:')} ${words}`, ...lines];
}

/** A command line of ours. */
export function command(...words: readonly (string | undefined)[]): string {
  return [toolName, ...words.filter((word) => word !== undefined)].join(' ');
}

/** `-f bundle.yaml`. */
export function fileWords({ file = 'bundle.yaml' }: Given): string {
  return `-f ${quoted(file)}`;
}

/** `--key a.pub --key b.pub`. */
export function keyWords({ keys = [] }: Given): string {
  return keys.map((key) => `--key ${quoted(key)}`).join(' ');
}

/** For a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
