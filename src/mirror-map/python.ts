/** Python's str and os.path, as far as the webhook leans on them, where JavaScript's own differ. */

/** What `str.strip` takes away: JavaScript's `trim` knows another set. */
const whitespace =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const leading = new RegExp(`^[${whitespace}]+`);
const onlySpace = new RegExp(`[${whitespace}]`);

export function lstrip(text: string): string {
  return text.replace(leading, '');
}

export function rstrip(text: string): string {
  let end = text.length;
  while (end > 0 && onlySpace.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** The lines of a file opened in text mode: `\n`, `\r\n` and a lone `\r` end one (universal newlines). */
export function textLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/** `os.path.join` of two parts on POSIX. */
export function pathJoin(first: string, second: string): string {
  if (second.startsWith('/')) return second;
  return first === '' || first.endsWith('/') ? first + second : `${first}/${second}`;
}

/** An exception of the webhook; `name` is Python's name of its class. */
export class PythonError extends Error {
  constructor(name: 'KeyError' | 'IndexError' | 'error', message: string) {
    super(message);
    this.name = name;
  }
}
