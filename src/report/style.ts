import { safeText } from './safe.ts';

/** What a colour says. `dim` is what a reader may pass over, `strong` what he looks for. */
export type Meaning = 'error' | 'warning' | 'done' | 'dim' | 'strong';

/** How text looks where it is shown: renderers are handed it and know nothing of streams. */
export interface Style {
  /** Text made safe, in the colour of its meaning where there are colours. */
  paint(meaning: Meaning, text: string): string;
  /** Columns of the terminal. Undefined: none, and every line is as long as what it says. */
  readonly columns?: number | undefined;
  /** Takes out secrets. Whoever breaks a line does this before: one that is broken in two is not found any more. */
  redact(text: string): string;
  /** A whole text made safe, but for colours such as ours: words of strangers in it are to be safe before. */
  safe(text: string): string;
}

/** SGR parameters (ECMA-48, 8.3.117): on and off. */
const codes: Readonly<Record<Meaning, readonly [number, number]>> = {
  error: [31, 39],
  warning: [33, 39],
  done: [32, 39],
  dim: [2, 22],
  strong: [1, 22],
};

/** No colours, no width: files, pipes and logs. */
export const plainStyle: Style = {
  paint: (_, text) => safeText(text),
  redact: (text) => text,
  safe: safeText,
};

export interface StyleOptions {
  readonly colours: boolean;
  readonly columns?: number | undefined;
  redact?(text: string): string;
}

export function makeStyle({ colours, columns, redact = plainStyle.redact }: StyleOptions): Style {
  const look = colours ? { paint: coloured, safe: safeButColours } : plainStyle;
  return { paint: look.paint, safe: look.safe, columns, redact };
}

function coloured(meaning: Meaning, text: string): string {
  const [on, off] = codes[meaning];
  return text === '' ? '' : `\u001b[${on}m${safeText(text)}\u001b[${off}m`;
}

const ours = new RegExp(`(\\u001b\\[(?:${[...new Set(Object.values(codes).flat())].join('|')})m)`);

function safeButColours(text: string): string {
  return text
    .split(ours)
    .map((part, at) => (at % 2 === 1 ? part : safeText(part)))
    .join('');
}

/** A standard stream, as far as a colour hangs on it. */
export interface Stream {
  readonly isTTY?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether a stream gets colours: FORCE_COLOR says yes, or with 0 or false no (as in Node.js, it wins); NO_COLOR says no
 * (no-color.org); else a terminal that is not `dumb` does. An empty variable says nothing.
 */
export function wantsColours({ isTTY = false }: Stream, env: Environment): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no } = env;
  if (force) return force !== '0' && force !== 'false';
  return !no && canRedraw({ isTTY }, env);
}

/** Whether the cursor can be moved, so that progress can be drawn in place. */
export function canRedraw({ isTTY = false }: Stream, { TERM }: Environment): boolean {
  return isTTY && TERM !== 'dumb';
}
