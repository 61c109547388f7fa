import type { Emit, Event } from './events.ts';
import { liveLines, type Terminal } from './live.ts';
import { progressMeter, progressText } from './progress.ts';
import { progressRows } from './progress-rows.ts';
import type { Redactor } from './redact.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Where the lines go: standard error, or the log of an Action. */
export interface LineOutput {
  /** Takes one line, without its break. */
  write(line: string): void;
  /** Where progress can be drawn in place. */
  readonly terminal?: Terminal | undefined;
  readonly style?: Style;
  /** Only warnings and images that failed are written. */
  isQuiet?(): boolean;
  now(): Date;
}

export interface LineListener {
  readonly emit: Emit;
  /** Clears what was drawn; to be called before anything else is written, and in the end. */
  clear(): void;
  /** Draws it anew: the terminal has another size. */
  redraw(): void;
  /** How far the transfer is that was told of last, if any was. */
  progress(): string | undefined;
}

type Bytes = Extract<Event, { kind: 'bytes' }>;

const fifthOfASecond = 200;
const fiveSeconds = 5_000;

/** Listens to a run and writes a line a fact, and how far transfers are: redrawn in place, or now and then. */
export function lineListener(output: LineOutput, redactor: Redactor): LineListener {
  const { terminal, isQuiet = () => false } = output;
  const style: Style = { ...(output.style ?? plainStyle), redact: redactor.redact };
  const meter = progressMeter(output.now, terminal ? fifthOfASecond : fiveSeconds);
  const live = terminal && liveLines(terminal);
  let frame: ((terminal: Terminal) => string[]) | undefined;
  let last: Bytes | undefined;
  const clear = (): void => {
    live?.clear();
    frame = undefined;
  };
  const write = (line: string): void => {
    live?.clear();
    output.write(redactor.redact(style.safe(line)));
    if (terminal && frame) live?.draw(frame(terminal));
  };
  const tell = (bytes: Bytes): void => {
    last = bytes;
    if (isQuiet()) return;
    const words = meter.read(bytes);
    if (words === undefined) return;
    if (terminal && live) {
      frame = (now) => frameOf(bytes, words, now, style).map(redactor.redact);
      live.draw(frame(terminal));
    } else write(`  ${words}`);
  };
  const emit: Emit = (event) => {
    if (event.kind === 'secret') return redactor.add(event.value);
    if (event.kind === 'bytes') return tell(event);
    if (event.kind === 'step') {
      meter.restart();
      clear();
    }
    if (!isQuiet() || isForQuiet(event)) linesOf(event, style).forEach(write);
  };
  const redraw = () => terminal && frame && live?.draw(frame(terminal));
  return { emit, clear, redraw, progress: () => last && progressText(last, 0) };
}

/** A row an image that moves, and below them how far all is; no more than a terminal can show. */
function frameOf(bytes: Bytes, words: string, terminal: Terminal, style: Style): string[] {
  const { columns, rows } = terminal.size();
  const images = progressRows(bytes.running ?? [], Math.min(mostRows, rows - 3), columns, style);
  return [...images, fitted(`  ${words}`, columns - 1)];
}

const mostRows = 6;

function fitted(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(width - 1, 0))}…`;
}

function isForQuiet(event: Event): boolean {
  return event.kind === 'warning' || (event.kind === 'image' && event.state === 'failed');
}

function linesOf(event: Exclude<Event, { kind: 'secret' | 'bytes' }>, style: Style): string[] {
  const { paint } = style;
  switch (event.kind) {
    case 'step':
      return [paint('strong', `${event.name} …`)];
    case 'image':
      return event.state === 'resolved' || event.state === 'there' ? [] : [imageLine(event, style)];
    case 'warning':
      return [
        `${paint('warning', 'warning:')} ${wrap(safeText(event.message), style, 9)}`,
        ...(event.cure ? [`  cure: ${wrap(safeText(event.cure), style, 8)}`] : []),
      ];
    case 'note':
      return [`  ${wrap(safeText(event.message), style, 2)}`];
  }
}

function imageLine(
  { image, state, detail }: Extract<Event, { kind: 'image' }>,
  style: Style,
): string {
  const word = style.paint(state === 'failed' ? 'error' : 'done', state.padEnd(7));
  const words = safeText(`${image}${detail ? `  ${detail}` : ''}`);
  return `  ${word} ${wrap(words, style, 4, 10)}`;
}
