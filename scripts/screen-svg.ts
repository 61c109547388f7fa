import type { IBufferCell, Terminal } from '@xterm/headless';

/** Pixels. */
const cell = { width: 8.4, height: 18 };
const edge = 14;

const background = '#16181d';
const foreground = '#d6d9de';
/** Of the sixteen colours those that the program uses, by their number. */
const palette: Readonly<Record<number, string>> = { 1: '#ff7b72', 2: '#7ee787', 3: '#e3b341' };

/** What a terminal shows as a picture whose text can be read and copied. @param prompt the command that was typed */
export function svgOf(terminal: Terminal, prompt: string): string {
  const rows = rowsOf(terminal);
  const width = Math.ceil(terminal.cols * cell.width + 2 * edge);
  const height = Math.ceil((rows.length + 1) * cell.height + 2 * edge);
  const texts = [
    run(`$ ${prompt}`, 0, 0, `fill="${foreground}" font-weight="bold"`),
    ...rows.flatMap((row, at) =>
      runsOf(row).map(({ text, x, look }) => run(text, x, at + 1, look)),
    ),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped(prompt)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

interface Cell {
  readonly text: string;
  readonly look: string;
}

function rowsOf({ buffer: { active }, cols }: Terminal): Cell[][] {
  const rows = Array.from({ length: active.length }, (_, y) => {
    const line = active.getLine(y);
    return Array.from({ length: cols }, (_cell, x) => cellOf(line?.getCell(x)));
  });
  const last = rows.findLastIndex((row) => row.some(({ text }) => text.trim() !== ''));
  return rows.slice(0, last + 1);
}

function cellOf(found: IBufferCell | undefined): Cell {
  if (!found) return { text: ' ', look: '' };
  const colour = found.isFgPalette() ? palette[found.getFgColor()] : undefined;
  const look = [
    `fill="${colour ?? foreground}"`,
    ...(found.isBold() ? ['font-weight="bold"'] : []),
    ...(found.isDim() ? ['opacity="0.6"'] : []),
  ];
  return { text: found.getChars() || ' ', look: look.join(' ') };
}

interface Run extends Cell {
  /** Column. */
  readonly x: number;
}

/** Neighbours that look alike, in pieces without two blanks side by side: not every viewer keeps those. */
function runsOf(row: readonly Cell[]): Run[] {
  const runs: { text: string; x: number; look: string }[] = [];
  for (const [x, { text, look }] of row.entries()) {
    const last = runs.at(-1);
    if (last && last.look === look) last.text += text;
    else runs.push({ text, x, look });
  }
  return runs.flatMap(({ text, x, look }) =>
    [...text.matchAll(/\S+(?: \S+)*/g)].map((piece) => ({
      text: piece[0],
      x: x + piece.index,
      look,
    })),
  );
}

/** Its length is said, so that every font has the columns where they are. */
function run(text: string, x: number, y: number, look: string): string {
  const left = (edge + x * cell.width).toFixed(1);
  const base = (edge + (y + 0.75) * cell.height).toFixed(1);
  const length = (text.length * cell.width).toFixed(1);
  return `<text x="${left}" y="${base}" textLength="${length}" ${look}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
