import { toolName } from '../version.ts';
import type { Style } from './style.ts';

/** What the command line was given, as far as the next one says it again. */
export interface Given {
  /** The bundle file; empty: not named, and perhaps not there, as flags may say all. */
  readonly file?: string | undefined;
  /** The bundle, as it was named. */
  readonly bundle?: string | undefined;
  /** The bundle that a delta builds on. */
  readonly since?: string | undefined;
  /** Public keys. */
  readonly keys?: readonly string[];
  /** Flags and their values that stand in place of what the bundle file says. */
  readonly settings?: readonly string[];
  /** The saved plan. */
  readonly plan?: string | undefined;
  /** The part of it that was carried out, `1/3`. */
  readonly shard?: string | undefined;
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

/** `-f bundle.yaml`, and what was given in place of what it says. */
export function fileWords({ file = 'bundle.yaml', settings = [] }: Given): string {
  return [...(file === '' ? [] : ['-f', file]), ...settings].map(shown).join(' ');
}

/** `--plan plan.json`. */
export function planWords({ plan }: Given): string | undefined {
  return plan === undefined ? undefined : `--plan ${quoted(plan)}`;
}

/** A text of several lines, as a certificate is, would break the command. */
function shown(word: string): string {
  return word.includes('\n') ? "'…'" : shellWord(word);
}

/** install.sh gives copies in its private folder, gone when it ends, and says itself what comes next. */
export function hasCopiedKeys({ keys = [] }: Given): boolean {
  return keys.some((key) => /\/airgap-install\.[^/]+\/key\.\d+$/.test(key));
}

/** `--key a.pub --key b.pub`. */
export function keyWords({ keys = [] }: Given): string {
  return keys.map((key) => `--key ${quoted(key)}`).join(' ');
}

/** A file's name for a POSIX shell, written so that no program takes it for a flag. */
export function quoted(file: string): string {
  return shellWord(file.startsWith('-') ? `./${file}` : file);
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
