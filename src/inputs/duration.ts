import { AirgapError } from '../report/error.ts';

/** A length of time as people write one: `90s`, `30m`, `2h`. */
export const durationPattern = /^(\d{1,6})(s|m|h)$/;

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** @returns milliseconds @throws AirgapError usage, naming the flag or field */
export function parseDuration(text: string, name: string): number {
  const [, count, unit] = durationPattern.exec(text) ?? [];
  if (unit !== undefined) return Number(count) * units[unit as keyof typeof units];
  throw new AirgapError('usage', `${name} is no length of time`, {
    given: text,
    expected: '90s, 30m or 2h',
  });
}
