/** A text as the code makes it: what always stands there, and in between what is known only in a run. */
export type Text = readonly Piece[];

/** Literal words, or a hole and what fills it in a word or two. */
export type Piece = string | { readonly hole: string };

/** Two texts, one behind the other. */
export function joined(first: Text, second: Text): Text {
  const last = first.at(-1);
  const [next, ...rest] = second;
  if (typeof last === 'string' && typeof next === 'string')
    return [...first.slice(0, -1), last + next, ...rest];
  return [...first, ...second];
}

/** Every text of the one with every text of the other. */
export function product(all: readonly Text[], others: readonly Text[]): Text[] {
  return all.flatMap((one) => others.map((other) => joined(one, other)));
}

/** `the CA given for <host> is no certificate`. */
export function shown(text: Text): string {
  return text.map((piece) => (typeof piece === 'string' ? piece : `<${piece.hole}>`)).join('');
}

/** The reverse of `shown`, for texts that are written down by hand. */
export function written(text: string): Text {
  const pieces = text.split(/(<[a-z][^<>]*>)/).filter((piece) => piece !== '');
  return pieces.map((piece) => (/^<[a-z]/.test(piece) ? { hole: piece.slice(1, -1) } : piece));
}

/** How many characters always stand there: the more, the surer it is that a message is this one. */
export function weight(text: Text): number {
  return text.reduce((sum, piece) => sum + (typeof piece === 'string' ? piece.length : 0), 0);
}

/** Whether there is a word by which the text can be known again. */
export function isSaying(text: Text): boolean {
  return text.some((piece) => typeof piece === 'string' && /[a-z]{2}/i.test(piece));
}

/** Matches what a run makes of the text; a hole may be empty, and may have several lines. */
export function pattern(text: Text): RegExp {
  const source = text.map((piece) => (typeof piece === 'string' ? escaped(piece) : '[\\s\\S]*'));
  return new RegExp(`^${source.join('')}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Each text once, in the order of the first. */
export function distinct(texts: readonly Text[]): Text[] {
  return [...new Map(texts.map((text) => [shown(text), text])).values()];
}
