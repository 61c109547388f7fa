import { PythonError } from './python.ts';

type Token = '*' | '?' | { readonly literal: string } | CharacterSet;

interface CharacterSet {
  readonly negated: boolean;
  readonly characters: ReadonlySet<string>;
  readonly ranges: readonly (readonly [from: string, to: string])[];
}

/**
 * Python's `fnmatch.fnmatch` on POSIX: `*` and `?` match slashes too, `[!x]` negates, no braces, case
 * counts. Returns the test for one pattern; a test takes at most pattern length × text length steps and
 * throws PythonError `error` for a range that runs backwards, as Python 3.8, the webhook's, does.
 */
export function fnmatch(pattern: string): (text: string) => boolean {
  let tokens: Token[] | undefined;
  return (text) => {
    tokens ??= tokensOf([...pattern]);
    return matches(tokens, [...text]);
  };
}

function tokensOf(pattern: readonly string[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < pattern.length) {
    const character = pattern[at++] as string;
    const end = character === '[' ? closingBracket(pattern, at) : -1;
    if (end >= 0) {
      tokens.push(characterSet(pattern.slice(at, end)));
      at = end + 1;
    } else {
      tokens.push(character === '*' || character === '?' ? character : { literal: character });
    }
  }
  return tokens;
}

/** Where the set that starts at `at` ends; a `]` that comes first belongs to it. -1: it is no set. */
function closingBracket(pattern: readonly string[], at: number): number {
  let from = pattern[at] === '!' ? at + 1 : at;
  if (pattern[from] === ']') from++;
  return pattern.indexOf(']', from);
}

function characterSet(inside: readonly string[]): CharacterSet {
  const negated = inside[0] === '!';
  const chunks = splitAtRanges(negated ? inside.slice(1) : inside);
  const ranges = chunks
    .slice(1)
    .map((chunk, i) => [chunks[i]?.at(-1) ?? '', chunk[0] ?? ''] as const);
  if (ranges.some(([from, to]) => order(from) > order(to))) {
    throw new PythonError('error', 'bad character range');
  }
  return { negated, characters: new Set(chunks.flat()), ranges };
}

/** Splits at each hyphen that makes a range: one with a character before and after it. */
function splitAtRanges(inside: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let start = 0;
  let hyphen = inside.indexOf('-', 1);
  while (hyphen >= 0) {
    chunks.push(inside.slice(start, hyphen));
    start = hyphen + 1;
    hyphen = inside.indexOf('-', hyphen + 3);
  }
  if (start < inside.length) chunks.push(inside.slice(start));
  else chunks.at(-1)?.push('-');
  return chunks;
}

/** On a mismatch only the last star need take one character more: earlier ones have matched for good. */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let [token, at] = [0, 0];
  let [star, starAt] = [-1, 0];
  while (at < text.length) {
    const wanted = tokens[token];
    if (wanted === '*') {
      [star, starAt] = [token++, at];
    } else if (wanted !== undefined && accepts(wanted, text[at] as string)) {
      token++;
      at++;
    } else if (star >= 0) {
      [token, at] = [star + 1, ++starAt];
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === '*');
}

function accepts(token: Exclude<Token, '*'>, character: string): boolean {
  if (token === '?') return true;
  if ('literal' in token) return token.literal === character;
  const within = ([from, to]: readonly [string, string]) =>
    order(from) <= order(character) && order(character) <= order(to);
  return (token.characters.has(character) || token.ranges.some(within)) !== token.negated;
}

function order(character: string): number {
  return character.codePointAt(0) ?? -1;
}
