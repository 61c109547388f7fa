import { AirgapError } from '../report/error.ts';

/** A length of time as people write one: `90s`, `30m`, `2h`. */
export const durationPattern = /^(\d{1,6})(s|m|h)$/;

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A timer of Node's ends at once when it is set to more than 24 days. */
const longest = 7 * 24 * units.h;

/** @returns milliseconds, at most 7 days @throws AirgapError usage, naming the flag or field */
export function parseDuration(text: string, name: string): number {
  const [, count, unit] = durationPattern.exec(text) ?? [];
  if (unit === undefined) throw wrong(`${name} is no length of time`, text, '90s, 30m or 2h');
  const milliseconds = Number(count) * units[unit as keyof typeof units];
  if (milliseconds > longest) throw wrong(`${name} is too long`, text, 'at most 168h (7 days)');
  return milliseconds;
}

function wrong(message: string, given: string, expected: string): AirgapError {
  return new AirgapError('usage', message, { given, expected });
}
