import { looksLikeImage, speaksOfImage } from './shape.ts';

export interface TextImage {
  readonly image: string;
  /** Lines after the text's first one. */
  readonly line: number;
}

/**
 * The words of a text that look like images: values of flags, of variables, parts of a script or of a configuration.
 * Comment lines, and what a template has yet to fill in, are none.
 * @param isHinted what the text is the value of speaks of an image
 */
export function imagesInText(text: string, isHinted = false): TextImage[] {
  if (!/[:/@]/.test(text)) return [];
  return plain(text)
    .split('\n')
    .flatMap((line, index) =>
      /^\s*(?:#|\/\/)/.test(line)
        ? []
        : imagesInLine(line, isHinted).map((image) => ({ image, line: index })),
    );
}

/** A character that no image's name has: a word with it is none. */
const unknown = '\u0001';

/** What is filled in later becomes one unknown character, line breaks in it stay. */
function plain(text: string): string {
  if (!/[{$<%]/.test(text)) return text;
  return text
    .replaceAll(/\{\{[\s\S]*?\}\}/g, (found) => unknown + found.replaceAll(/[^\n]/g, ''))
    .replaceAll(/\$\{[^}\n]*\}|\$\([^)\n]*\)|<[\w .-]+>|%[sdv]\b|\$\w+/g, unknown);
}

function imagesInLine(line: string, isHinted: boolean): string[] {
  if (line.length > longestLine) return [];
  const found: string[] = [];
  let before = '';
  for (const { 0: word, index } of line.matchAll(words)) {
    const follows = /^['"]?\s*=/.test(line.slice(index + word.length, index + word.length + 8))
      ? '='
      : '';
    if (/^[:=]+$/.test(word)) {
      before += word;
      continue;
    }
    const bare = word.replace(/[.:!?]+$/, '');
    const [name, isPulled] = withoutTransport(bare);
    const isKnown = isHinted || isPulled || (isKey(before) && speaksOfImage(before));
    if (looksLikeImage(name, isKnown && !word.endsWith(':'))) found.push(name);
    before = word + follows;
  }
  return found;
}

/** A flag, or what has a value: in a sentence about images nothing is. */
function isKey(word: string): boolean {
  return /^-|[:=]$/.test(word);
}

const longestLine = 1_000_000;

/** Brackets, quotes and `=` end a word; a backslash does, since it escapes a quote or a line break. */
const words = /[^\s"'`,;()[\]{}|=\\]+/g;

function withoutTransport(word: string): [name: string, isPulled: boolean] {
  const name = word.replace(/^docker:\/\//, '');
  return [name, name !== word];
}
