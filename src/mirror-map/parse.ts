import {
  defaultKey,
  exactMark,
  type MapEntry,
  type MapProblem,
  type MirrorMap,
  noswapKey,
  replaceMark,
} from './map.ts';
import { lstrip, rstrip, textLines } from './python.ts';

/** A line, or what stands between two commas. Positions from 1. */
interface Piece {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Reads both forms of the map: one entry a line, or, when there is a single line, entries joined by
 * commas. Throws nothing: what the webhook would ignore becomes a problem.
 */
export function parseMirrorMap(text: string): MirrorMap {
  const { pieces, commaForm } = piecesOf(text);
  const entries: MapEntry[] = [];
  const problems: MapProblem[] = [];
  for (const piece of pieces) {
    const content = contentOf(piece.text);
    if (content === '') continue;
    const last = entries.at(-1);
    if (commaForm && !content.includes('::') && last?.kind === 'noswap') {
      entries[entries.length - 1] = withPattern(last, content);
      continue;
    }
    const split = splitEntry(content);
    if ('ignored' in split) problems.push(problem(piece, split.ignored, 'error'));
    else entries.push(entryOf(split.key, split.value, place(piece)));
    if ('old' in split) problems.push(problem(piece, oldSpelling, 'warning'));
  }
  return { entries, problems: inOrder([...problems, ...oddities(entries)]) };
}

/** Whether the text is the comma form: at most one line that is not blank. */
export function isCommaForm(text: string): boolean {
  return textLines(text).filter((line) => rstrip(line) !== '').length <= 1;
}

function piecesOf(text: string): { pieces: Piece[]; commaForm: boolean } {
  const lines = textLines(text.replace(/^\uFEFF/, '')).map((line, i) => ({
    text: line,
    line: i + 1,
    column: 1,
  }));
  const commaForm = isCommaForm(text);
  return { pieces: commaForm ? lines.flatMap(splitAtCommas) : lines, commaForm };
}

function splitAtCommas(whole: Piece): Piece[] {
  let column = 1;
  return whole.text.split(',').map((text) => {
    const piece = { text, line: whole.line, column };
    column += text.length + 1;
    return piece;
  });
}

/** The entry in a piece: comment cut, spaces dropped. Only the last run of `#` opens a comment. */
function contentOf(text: string): string {
  if (text.startsWith('#')) return '';
  let cut = text.lastIndexOf('#');
  while (cut > 0 && text[cut - 1] === '#') cut--;
  return rstrip(cut > 0 ? text.slice(0, cut) : text).replaceAll(' ', '');
}

type Split =
  | { readonly key: string; readonly value: string; readonly old?: true }
  | { readonly ignored: string };

function splitEntry(content: string): Split {
  const [key = '', value, ...more] = content.split('::');
  if (value !== undefined) {
    return more.length === 0
      ? { key, value }
      : { ignored: 'has "::" more than once; the webhook ignores it' };
  }
  const [oldKey = '', oldValue, ...rest] = content.split(':');
  if (oldValue === undefined) return { ignored: 'has no "::"; the webhook ignores it' };
  if (rest.length === 0) return { key: oldKey, value: oldValue, old: true };
  return { ignored: 'has no "::", which a port needs; the webhook ignores it' };
}

const oldSpelling = 'uses the old ":" between key and value; write "::"';

function entryOf(key: string, value: string, at: { line: number; column: number }): MapEntry {
  const marked = (mark: string) => lstrip(key.slice(mark.length));
  if (key.startsWith(exactMark)) return { kind: 'exact', key: marked(exactMark), value, ...at };
  if (key.startsWith(replaceMark)) {
    return { kind: 'replace', key: marked(replaceMark), value, ...at };
  }
  if (key === defaultKey) return { kind: 'default', key, value, ...at };
  return { kind: key === noswapKey ? 'noswap' : 'registry', key, value, ...at };
}

function withPattern(entry: MapEntry, pattern: string): MapEntry {
  return { ...entry, value: entry.value === '' ? pattern : `${entry.value},${pattern}` };
}

/** Entries that the webhook reads, but not as anybody means them. */
function oddities(entries: readonly MapEntry[]): MapProblem[] {
  const seen = new Map<string, MapEntry>();
  return entries.flatMap((entry) => {
    const name = `${entry.kind} ${entry.key}`;
    const earlier = seen.get(name);
    seen.set(name, entry);
    const messages = [...commaOddities(entry), ...(earlier ? [givenTwice(earlier)] : [])];
    return messages.map((message) => oddity(entry, message));
  });
}

function commaOddities({ kind, key, value }: MapEntry): string[] {
  if (kind !== 'noswap') {
    // The Secret and values.yaml carry the comma form, which has no way to quote one.
    return `${key}${value}`.includes(',') ? ['has a comma, at which its comma form is cut'] : [];
  }
  const blank = value !== '' && value.split(',').includes('');
  return blank ? ['has an empty pattern, which every image matches'] : [];
}

function givenTwice(earlier: MapEntry): string {
  return `gives the key of line ${earlier.line}, column ${earlier.column} again; the webhook takes the later one`;
}

function oddity(entry: MapEntry, message: string): MapProblem {
  const { line, column, key, value } = entry;
  return { line, column, text: `${key}::${value}`, message, severity: 'warning' };
}

function problem(piece: Piece, message: string, severity: MapProblem['severity']): MapProblem {
  return { ...place(piece), text: rstrip(lstrip(piece.text)), message, severity };
}

function place(piece: Piece): { line: number; column: number } {
  const indent = piece.text.length - lstrip(piece.text).length;
  return { line: piece.line, column: piece.column + indent };
}

function inOrder(problems: MapProblem[]): MapProblem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}
