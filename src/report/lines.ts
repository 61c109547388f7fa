import type { Emit, Event } from './events.ts';
import { progressMeter, progressText } from './progress.ts';
import type { Redactor } from './redact.ts';
import { safeText } from './safe.ts';

/** Where the lines go: standard error, or the log of an Action. */
export interface LineOutput {
  /** Takes one line, without its break. */
  write(line: string): void;
  /** On a terminal: takes text that rewrites the line that the cursor is in. */
  redraw?(text: string): void;
  /** Only warnings and images that failed are written. */
  isQuiet?(): boolean;
  now(): Date;
}

export interface LineListener {
  readonly emit: Emit;
  /** Clears what was drawn; to be called before anything else is written, and in the end. */
  clear(): void;
  /** How far the transfer is that was told of last, if any was. */
  progress(): string | undefined;
}

const fifthOfASecond = 200;
const fiveSeconds = 5_000;
const clearLine = '\r\u001b[2K';

/** Listens to a run and writes a line a fact, and how far transfers are: redrawn in place, or now and then. */
export function lineListener(output: LineOutput, redactor: Redactor): LineListener {
  const { redraw, isQuiet = () => false } = output;
  const meter = progressMeter(output.now, redraw ? fifthOfASecond : fiveSeconds);
  let isDrawn = false;
  let last: Extract<Event, { kind: 'bytes' }> | undefined;
  const clear = (): void => {
    if (isDrawn) redraw?.(clearLine);
    isDrawn = false;
  };
  const write = (line: string): void => {
    clear();
    output.write(redactor.redact(safeText(line)));
  };
  const draw = (line: string): void => {
    redraw?.(`${clearLine}${line}`);
    isDrawn = true;
  };
  const emit: Emit = (event) => {
    if (event.kind === 'bytes') last = event;
    if (event.kind === 'secret') redactor.add(event.value);
    else if (isQuiet() && !isForQuiet(event)) return;
    else if (event.kind === 'bytes') meter.read(event).forEach(redraw ? draw : write);
    else linesOf(event).forEach(write);
    if (event.kind === 'step') meter.restart();
  };
  return { emit, clear, progress: () => last && progressText(last, 0) };
}

function isForQuiet(event: Event): boolean {
  return event.kind === 'warning' || (event.kind === 'image' && event.state === 'failed');
}

function linesOf(event: Exclude<Event, { kind: 'secret' | 'bytes' }>): string[] {
  switch (event.kind) {
    case 'step':
      return [`${event.name} …`];
    case 'image':
      return event.state === 'resolved' || event.state === 'there'
        ? []
        : [`  ${event.state.padEnd(7)} ${event.image}${event.detail ? `  ${event.detail}` : ''}`];
    case 'warning':
      return [`warning: ${event.message}`, ...(event.cure ? [`  cure: ${event.cure}`] : [])];
    case 'note':
      return [`  ${event.message}`];
  }
}
