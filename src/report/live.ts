import { stripVTControlCharacters } from 'node:util';

/** A terminal, as far as what is drawn in place needs it. */
export interface Terminal {
  write(text: string): void;
  /** As it is now: people resize. */
  size(): { readonly columns: number; readonly rows: number };
}

/** Lines at the bottom of a terminal that are replaced in place. */
export interface LiveLines {
  /** @param lines each shorter than the terminal is wide */
  draw(lines: readonly string[]): void;
  /** To be called before anything else is written, and in the end. */
  clear(): void;
}

const eraseLine = '\r\u001b[2K';
const upAndErase = '\u001b[1A\u001b[2K';

/**
 * The cursor stays in the empty line below, which no terminal folds when it is resized, and is never hidden: whatever
 * ends the program, the terminal is as it was.
 */
export function liveLines(terminal: Terminal): LiveLines {
  let drawn: readonly string[] = [];
  const erased = (): string => {
    if (drawn.length === 0) return '';
    const { columns } = terminal.size();
    // A terminal that has become narrower has folded them.
    const height = drawn.reduce((sum, line) => sum + foldedHeight(line, columns), 0);
    return `${eraseLine}${upAndErase.repeat(height)}`;
  };
  return {
    draw: (lines) => {
      terminal.write(`${erased()}${lines.map((line) => `${line}\n`).join('')}`);
      drawn = lines;
    },
    clear: () => {
      if (drawn.length > 0) terminal.write(erased());
      drawn = [];
    },
  };
}

function foldedHeight(line: string, columns: number): number {
  const { length } = stripVTControlCharacters(line);
  return Math.max(1, Math.ceil(length / Math.max(columns, 1)));
}
