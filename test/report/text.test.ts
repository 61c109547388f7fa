import { describe, expect, test } from 'vitest';
import { AirgapError } from '../../src/report/error.ts';
import type { Event } from '../../src/report/events.ts';
import { jsonText } from '../../src/report/json.ts';
import { type LineOutput, lineListener } from '../../src/report/lines.ts';
import { progressText } from '../../src/report/progress.ts';
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
  function said(how: Partial<LineOutput>, ...events: Event[]): string[] {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const { emit } = lineListener({ write, now: () => new Date(0), ...how }, makeRedactor());
    for (const event of events) emit(event);
    return lines;
  }

  test.each<[Event, string[]]>([
    [{ kind: 'step', name: 'resolving 2 images' }, ['resolving 2 images …']],
    [{ kind: 'image', image: 'a:1', state: 'copied', detail: '3 MiB' }, ['  copied  a:1  3 MiB']],
    [{ kind: 'image', image: 'a:1', state: 'there' }, []],
    [{ kind: 'warning', message: 'm', cure: 'c' }, ['warning: m', '  cure: c']],
    [{ kind: 'note', message: 'my password' }, ['  my ***']],
    [{ kind: 'note', message: 'a\u001b[2K' }, ['  a\\u{1b}[2K']],
  ])('%j', (event, expected) => {
    expect(said({}, { kind: 'secret', value: 'password' }, event)).toEqual(expected);
  });

  test('quiet: warnings and what failed', () => {
    expect(
      said(
        { isQuiet: () => true },
        { kind: 'step', name: 'mirroring' },
        { kind: 'note', message: 'n' },
        { kind: 'image', image: 'a:1', state: 'copied' },
        { kind: 'image', image: 'b:1', state: 'failed', detail: 'no' },
        { kind: 'bytes', done: 1, total: 2 },
        { kind: 'warning', message: 'm' },
      ),
    ).toEqual(['  failed  b:1  no', 'warning: m']);
  });
});

describe('progress', () => {
  const MiB = 1024 ** 2;
  /** Bytes after as many milliseconds. */
  const bytes = (at: number, done: number, total = 100) => ({
    at,
    event: { kind: 'bytes', done: done * MiB, total: total * MiB } as const,
  });
  const step = (at: number) => ({ at, event: { kind: 'step', name: 'next' } as const });

  function told(parts: readonly { at: number; event: Event }[], columns?: number): string[] {
    const texts: string[] = [];
    let at = 0;
    const write = (text: string) => texts.push(text);
    const output: LineOutput = {
      write,
      ...(columns && { terminal: { write, size: () => ({ columns, rows: 24 }) } }),
      now: () => new Date(at),
    };
    const lines = lineListener(output, makeRedactor());
    for (const part of parts) {
      at = part.at;
      lines.emit(part.event);
    }
    lines.clear();
    return texts;
  }

  test('a line every five seconds at most: how much, how fast, how long yet', () => {
    expect(
      told([bytes(0, 0), bytes(4_999, 4), bytes(5_000, 5), bytes(8_000, 20), bytes(10_000, 40)]),
    ).toEqual([
      '  5.0 MiB of 100 MiB, 5 %, 1.0 MiB/s, 1 min 35 s left',
      '  40 MiB of 100 MiB, 40 %, 4.0 MiB/s, 15 s left',
    ]);
  });

  test('how fast is how fast of late', () => {
    const slowing = [0, 10, 20, 30, 40, 45, 50, 55, 60].map((done, at) => bytes(at * 2_500, done));
    expect(told(slowing)).toEqual([
      '  20 MiB of 100 MiB, 20 %, 4.0 MiB/s, 20 s left',
      '  40 MiB of 100 MiB, 40 %, 4.0 MiB/s, 15 s left',
      '  50 MiB of 100 MiB, 50 %, 3.0 MiB/s, 17 s left',
      '  60 MiB of 100 MiB, 60 %, 2.0 MiB/s, 20 s left',
    ]);
    expect(told([bytes(0, 0), bytes(4_000, 80), bytes(14_000, 80)])).toEqual([
      '  80 MiB of 100 MiB, 80 %',
    ]);
  });

  test('images are counted beside the bytes, and alone where only manifests are missing', () => {
    const images = (at: number, done: number, total: number) => {
      const part = bytes(at, done, total);
      return { at, event: { ...part.event, images: { done, total: 12 } } };
    };
    expect(told([images(0, 0, 100), images(5_000, 10, 100), images(10_000, 12, 0)])).toEqual([
      '  10 MiB of 100 MiB, 10 %, 2.0 MiB/s, 45 s left, 10 of 12 images',
    ]);
    expect(told([images(0, 0, 0), images(5_000, 3, 0)])).toEqual(['  3 of 12 images']);
  });

  test('the next step, and another total, begin anew', () => {
    expect(
      told([bytes(0, 0), step(2_000), bytes(4_000, 10), bytes(5_000, 15), bytes(9_000, 15)]),
    ).toEqual(['next …', '  15 MiB of 100 MiB, 15 %, 1.0 MiB/s, 1 min 25 s left']);
    expect(told([bytes(0, 0), bytes(4_000, 0, 50), bytes(5_000, 1, 50)])).toEqual([]);
  });

  test('without movement no rate', () => {
    expect(told([bytes(0, 5), bytes(10_000, 5)])).toEqual(['  5.0 MiB of 100 MiB, 5 %']);
  });

  test('a terminal is redrawn five times a second at most, and cleared in the end', () => {
    const clear = '\r\u001b[2K\u001b[1A\u001b[2K';
    expect(
      told(
        [bytes(0, 0), bytes(199, 1), bytes(200, 2), bytes(300, 3), step(350), bytes(400, 4)],
        80,
      ),
    ).toEqual(['  2.0 MiB of 100 MiB, 2 %, 10 MiB/s, 10 s left\n', clear, 'next …']);
    expect(told([bytes(0, 0), bytes(200, 2)], 80).at(-1)).toBe(clear);
    expect(told([bytes(0, 0), bytes(200, 2)], 20)[0]).toBe('  2.0 MiB of 100 M…\n');
  });

  test.each([
    [7_200, '2 h 0 min left'],
    [3_599, '59 min 59 s left'],
    [59, '59 s left'],
  ])('%i seconds are %s', (seconds, expected) => {
    expect(progressText({ done: 0, total: seconds * 10 }, 10)).toContain(expected);
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

test('JSON holds nothing that a terminal would obey, and is the same document', () => {
  const value = { image: 'a\u001b[2J\u009b\u202e\u2028\u{e0041}\tb\nü😀' };
  const text = jsonText(value);
  expect(text).toMatch(/^[\n -~ü😀]*$/u);
  expect(JSON.parse(text)).toEqual(value);
});

test.each([
  ['on a terminal', safeText],
  ['in JSON', (text: string) => jsonText({ text })],
])('a secret with control characters is taken out %s too', (_, show) => {
  const redactor = makeRedactor();
  redactor.add('pass\u0085wo\u001brd\u202e');
  expect(redactor.redact(show('it is pass\u0085wo\u001brd\u202e!'))).toContain('it is ***!');
});
