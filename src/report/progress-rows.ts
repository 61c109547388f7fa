import type { Event } from './events.ts';
import { safeText } from './safe.ts';
import type { Style } from './style.ts';
import { formatBytes } from './units.ts';
import { keepEnd } from './wrap.ts';

type Running = NonNullable<Extract<Event, { kind: 'bytes' }>['running']>;

/** Columns. */
const barWidth = 14;
const bytesWidth = '1023 KiB of 1023 KiB'.length;
/** Wider is harder to read. */
const widest = 100;

/**
 * A row a running image, in the order in which they began, and how many more there are.
 * @param most rows
 */
export function progressRows(
  running: Running,
  most: number,
  columns: number,
  style: Style,
): string[] {
  if (most < 1) return [];
  const shown = running.length > most ? running.slice(0, most - 1) : running;
  const width = Math.min(columns - 1, widest);
  const more = running.length - shown.length;
  const rows = shown.map((one) => row(one, width, style));
  return more === 0 ? rows : [...rows, style.paint('dim', `  and ${more} more`.slice(0, width))];
}

function row({ image, done, total }: Running[number], width: number, style: Style): string {
  const bytes = `${formatBytes(done)} of ${formatBytes(total)}`;
  const left = width - 2 - (2 + barWidth) - (2 + bytesWidth);
  const whole = safeText(style.redact(image));
  // On a narrow terminal the name alone, cut.
  if (left < 16) return `  ${keepEnd(whole, width - 2)}`;
  const name = keepEnd(whole, left).padEnd(left);
  const filled = total === 0 ? barWidth : Math.floor((barWidth * done) / total);
  const bar = `${style.paint('done', '#'.repeat(filled))}${style.paint('dim', '-'.repeat(barWidth - filled))}`;
  return `  ${name}  ${bar}  ${style.paint('dim', bytes.padStart(bytesWidth))}`;
}
