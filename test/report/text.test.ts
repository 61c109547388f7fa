import { describe, expect, test } from 'vitest';
import { AirgapError } from '../../src/report/error.ts';
import type { Event } from '../../src/report/events.ts';
import { jsonText } from '../../src/report/json.ts';
import { lineListener } from '../../src/report/lines.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { safeText } from '../../src/report/safe.ts';
import { table } from '../../src/report/table.ts';
import { count, formatBytes } from '../../src/report/units.ts';

describe('safe text', () => {
  test.each([
    ['plain text, tab\tand\nline feed', 'plain text, tab\tand\nline feed'],
    ['naïve 日本 🙂', 'naïve 日本 🙂'],
    ['\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['over\rwritten', 'over\\u{d}written'],
    ['bell\u0007 delete\u007f c1\u009b', 'bell\\u{7} delete\\u{7f} c1\\u{9b}'],
    ['right\u202eleft \u2066isolate', 'right\\u{202e}left \\u{2066}isolate'],
    [
      'zero\u200bwidth \ufeffmark soft\u00adhyphen',
      'zero\\u{200b}width \\u{feff}mark soft\\u{ad}hyphen',
    ],
    ['line\u2028paragraph\u2029', 'line\\u{2028}paragraph\\u{2029}'],
  ])('%j', (text, safe) => {
    expect(safeText(text)).toBe(safe);
  });
});

describe('redaction', () => {
  const redactor = makeRedactor();
  const secret = 'p"ss wörd/1\nsecond line';
  redactor.add(secret);
  redactor.add('abc');

  test.each([
    ['as it is', secret],
    ['a line of it', 'second line'],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['with a last line break in base64', Buffer.from(`${secret}\n`).toString('base64')],
    ['in a URL', encodeURIComponent(secret)],
    ['inside JSON', JSON.stringify(secret).slice(1, -1)],
  ])('%s', (_, form) => {
    expect(redactor.redact(`before ${form} after`)).toBe('before *** after');
  });

  test('the longest form goes first, so that nothing is left of it', () => {
    const two = makeRedactor();
    two.add('pass');
    two.add('password');
    expect(two.redact('password')).toBe('***');
  });

  test('all places, and nothing else', () => {
    expect(redactor.redact('second line, second line, first abc')).toBe('***, ***, first abc');
  });
});

describe('events as lines', () => {
  test.each<[Event, string[]]>([
    [{ kind: 'step', name: 'resolving 2 images' }, ['resolving 2 images …']],
    [{ kind: 'image', image: 'a:1', state: 'copied', detail: '3 MiB' }, ['  copied  a:1  3 MiB']],
    [{ kind: 'image', image: 'a:1', state: 'there' }, []],
    [{ kind: 'warning', message: 'm', cure: 'c' }, ['warning: m', '  cure: c']],
    [{ kind: 'note', message: 'my password' }, ['  my ***']],
    [{ kind: 'note', message: 'a\u001b[2K' }, ['  a\\u{1b}[2K']],
    [{ kind: 'bytes', done: 1, total: 2 }, []],
  ])('%j', (event, expected) => {
    const lines: string[] = [];
    const listen = lineListener((line) => lines.push(line), makeRedactor());
    listen({ kind: 'secret', value: 'password' });
    listen(event);
    expect(lines).toEqual(expected);
  });
});

test('a table has aligned columns and no trailing space', () => {
  expect(table([['a', 'long name', 'x'], ['longer', 'b', ''], []])).toBe(
    'a       long name  x\nlonger  b\n',
  );
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [10 * 1024 ** 2, '10 MiB'],
  [5.25 * 1024 ** 3, '5.3 GiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('nouns are counted', () => {
  expect([count(0, 'image'), count(1, 'image'), count(2, 'image')]).toEqual([
    '0 images',
    '1 image',
    '2 images',
  ]);
});

test('JSON ends with a line break and holds failures as their fields', () => {
  const text = jsonText({ errors: [new AirgapError('usage', 'no')] });
  expect(text.endsWith('}\n')).toBe(true);
  expect(JSON.parse(text)).toEqual({ errors: [{ class: 'usage', exitCode: 2, message: 'no' }] });
});
