/** A time as the inventory writes it: RFC 3339 in UTC with whole seconds, `2026-11-22T16:00:00Z`. */
export function utcSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
