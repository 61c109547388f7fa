import { oneLine } from '../../report/safe.ts';

/** What a node's file has, fit for evidence: short, and without a login, or what else an address can hide. */
export function shown(text: string): string {
  const open = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@').replace(/[?#].*$/s, '');
  return oneLine(open, 200);
}

/** The first five, and how many more there are. */
export function few(words: readonly string[]): string[] {
  const more = words.length - 5;
  return more > 0 ? [...words.slice(0, 5), `and ${more} more`] : [...words];
}
