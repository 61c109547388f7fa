import { exactMark, type MapEntry, type MirrorMap, replaceMark } from './map.ts';
import { isCommaForm, parseMirrorMap } from './parse.ts';

/** The line form in one spelling: what was ignored is left out, `::` everywhere. Reading it gives the same entries. */
export function printMirrorMap(map: MirrorMap): string {
  const lines = map.entries.map((entry) => `${printEntry(entry)}\n`);
  // A single line is the comma form, where this entry's comma would end it.
  const alone = lines.length === 1 && lines[0]?.includes(',');
  return (alone ? '# one entry a line\n' : '') + lines.join('');
}

/**
 * The comma form, as the Secret and values.yaml carry it: a text that is in this form already stays
 * as it was written, of a file with lines the entries are joined by commas, in order.
 */
export function printAsList(text: string): string {
  return isCommaForm(text) ? text.trim() : printEntries(parseMirrorMap(text).entries);
}

/** The entries as the Secret and values.yaml carry them: joined by commas, in order. */
export function printEntries(entries: readonly MapEntry[]): string {
  return entries.map(printEntry).join(',');
}

/** `key::value`. A `#` that belongs to the entry is kept by an empty comment after it. */
function printEntry(entry: MapEntry): string {
  const text = `${marks[entry.kind]}${entry.key}::${entry.value}`;
  return text.includes('#') ? ` ${text} #` : text;
}

const marks = { exact: exactMark, replace: replaceMark, registry: '', noswap: '', default: '' };
