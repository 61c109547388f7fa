import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { shellByHand } from './shell-by-hand.ts';
import { root } from './syntax.ts';
import { isSaying, joined, type Text, written } from './text.ts';

/** An error with which install.sh ends. */
export interface ShellError {
  /** `src/install/script/trust.sh:7`. */
  readonly place: string;
  /** More than one where the script decides in the run. */
  readonly exitCodes: readonly number[];
  readonly message: Text;
  readonly given: Text;
  readonly nexts: readonly Text[];
  readonly expected: Text;
}

const folder = 'src/install/script';

interface Form {
  readonly exitCode?: number;
  /** Which of the words is what, from 0. */
  readonly what: number;
  readonly given?: number;
  readonly next?: number;
  readonly expected?: number;
}

/** `fail`, and the functions that hand their words on to it. */
const forms: Readonly<Record<string, Form>> = {
  fail: { what: 1, given: 2, next: 3, expected: 4 },
  change: { exitCode: 11, what: 0, next: 1 },
  date_fault: { exitCode: 6, what: 0, given: 1, next: 2 },
  downgrade: { exitCode: 6, what: 0, given: 1, expected: 2, next: 3 },
};

const handedOn = ['kubectl.sh: 11 "$what"', 'installed.sh: 6 "$1"', 'settings.sh: 6 "$1"'];

/** Every call of `fail` and its like. @throws Error naming a call that cannot be read */
export function shellErrors(): ShellError[] {
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.sh'));
  const scripts = files
    .sort()
    .map((name) => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')] as const);
  const constants = constantsIn(scripts.map(([, text]) => text).join('\n'));
  return scripts.flatMap(([path, text]) => errorsOfScript(path, text, constants));
}

/** Texts that are given a name, to be told in several places. */
function constantsIn(text: string): Map<string, Text> {
  const set = text.matchAll(/^ *(\w+)=(?='\w+ \w+|"\w+ \w+)/gm);
  return new Map(
    [...set].map((found) => {
      const [word = ''] = wordsAt(text, found.index + found[0].length);
      return [found[1]?.replaceAll('_', ' ') ?? '', textOf(word)];
    }),
  );
}

/** A text that is a name alone becomes what has that name. */
function resolved(text: Text, constants: Constants): Text {
  const [only, ...others] = text;
  const name = typeof only === 'object' && others.length === 0 ? only.hole : '';
  return constants.get(name) ?? text;
}

type Constants = ReadonlyMap<string, Text>;

const commandPattern = new RegExp(
  `(?<=^|[;{)]|&&|\\|\\||\\b(?:then|else|do)\\b)[ \\t]*(${Object.keys(forms).join('|')})[ \\t]+(?=["'0-9$])`,
  'gm',
);

export function errorsOfScript(
  path: string,
  text: string,
  constants: Constants = new Map(),
): ShellError[] {
  return [...text.matchAll(commandPattern)].flatMap((call) => {
    const words = wordsAt(text, call.index + call[0].length);
    const key = `${basename(path)}: ${words[0]} ${words[1]}`;
    if (handedOn.includes(key)) return [];
    const place = `${path}:${text.slice(0, call.index).split('\n').length}`;
    const errors = errorsOfCall(place, key, words, forms[call[1] ?? ''] ?? { what: 0 });
    return errors.map((error) => ({
      ...error,
      nexts: error.nexts.map((next) => resolved(next, constants)),
    }));
  });
}

function errorsOfCall(
  place: string,
  key: string,
  words: readonly string[],
  form: Form,
): ShellError[] {
  const byHand = shellByHand[key] ?? {};
  const at = (index: number | undefined) => textOf(words[index ?? words.length] ?? '');
  const exitCodes = byHand.exitCodes ?? [form.exitCode ?? Number(words[0])];
  const messages = byHand.messages?.map(written) ?? [at(form.what)];
  if (exitCodes.some(Number.isNaN) || !messages.every(isSaying))
    throw new Error(
      `${place}: the code or message of this error cannot be read; write it into scripts/errors/shell-by-hand.ts as '${key}'`,
    );
  const details = { given: at(form.given), expected: at(form.expected) };
  const nexts = byHand.nexts?.map(written) ?? [at(form.next)];
  return messages.map((message) => ({ place, exitCodes, message, ...details, nexts }));
}

/** The words of a command as they are written, with their quotes, up to its end. */
function wordsAt(text: string, start: number): string[] {
  const words: string[] = [];
  let at = start;
  while (at < text.length) {
    const blank = /^(?:[ \t]|\\\n)+/.exec(text.slice(at))?.[0] ?? '';
    at += blank.length;
    const end = endOfWord(text, at);
    if (end === at) return words;
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s;|&)]/.test(text[at] ?? '')) at = endOfPiece(text, at);
  return at;
}

/** Of a quoted text, a `$(…)` or `${…}`, else of one character. */
function endOfPiece(text: string, at: number): number {
  if (text[at] === "'") return after(text, at);
  if (text[at] === '"') return endOfQuotes(text, at + 1);
  if (text.startsWith('$(', at)) return endOfBrackets(text, at + 1, '(', ')');
  if (text.startsWith('${', at)) return endOfBrackets(text, at + 1, '{', '}');
  const name = /^\$(?:\d|\w+)/.exec(text.slice(at, at + 40))?.[0];
  return at + (name?.length ?? (text[at] === '\\' ? 2 : 1));
}

/** Behind the quote that ends what one begins. */
function after(text: string, quote: number): number {
  const end = text.indexOf("'", quote + 1);
  if (end < 0) throw new Error(`a quote without its end: ${text.slice(quote, quote + 40)}`);
  return end + 1;
}

function endOfQuotes(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '"')
    at = text[at] === "'" ? at + 1 : endOfPiece(text, at);
  return at + 1;
}

function endOfBrackets(text: string, start: number, open: string, close: string): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "'" && close === ')') at = after(text, at) - 1;
    else if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return at + 1;
  }
  return text.length;
}

function textOf(word: string): Text {
  let text: Text = [];
  let isQuoted = false;
  for (let at = 0; at < word.length; ) {
    const isMark = word[at] === '"';
    if (isMark) isQuoted = !isQuoted;
    const isPlain = isMark || (isQuoted && word[at] === "'");
    const end = isPlain ? at + 1 : endOfPiece(word, at);
    text = joined(text, isMark ? [] : pieceOf(word.slice(at, end)));
    at = end;
  }
  return text;
}

function pieceOf(source: string): Text {
  if (source.length === 1) return [source];
  if (source.startsWith("'")) return [source.slice(1, -1)];
  return source.startsWith('$') ? [{ hole: holeOf(source) }] : [source];
}

const positions: Readonly<Record<string, string>> = {
  1: 'name',
  2: 'name',
  3: 'value',
  4: 'value',
  5: 'value',
};

function holeOf(source: string): string {
  if (source.startsWith('$(')) return 'what was found';
  const name = /\w+/.exec(source)?.[0] ?? '';
  return (positions[name] ?? name).replaceAll('_', ' ');
}
