import { describe, expect, test } from 'vitest';
import { canRedraw, makeStyle, plainStyle, wantsColours } from '../../src/report/style.ts';
import { keepEnd, wrap } from '../../src/report/wrap.ts';

describe('whether a stream gets colours', () => {
  test.each<[string, boolean, Record<string, string>, boolean]>([
    ['a terminal', true, { TERM: 'xterm' }, true],
    ['a file or a pipe', false, { TERM: 'xterm' }, false],
    ['a terminal that knows none', true, { TERM: 'dumb' }, false],
    ['who wants none', true, { NO_COLOR: '1' }, false],
    ['who wants none, with any word', true, { NO_COLOR: 'false' }, false],
    ['who says nothing of it', true, { NO_COLOR: '' }, true],
    ['a pipe of who insists', false, { FORCE_COLOR: '1' }, true],
    ['a terminal of who insists, against both others', true, both, true],
    ['a pipe, with an empty word of it', false, { FORCE_COLOR: '' }, false],
    [
      'who wants none, with an empty word against it',
      true,
      { FORCE_COLOR: '', NO_COLOR: '1' },
      false,
    ],
    ['who insists on none', true, { FORCE_COLOR: '0' }, false],
    ['who insists on none, as a word', true, { FORCE_COLOR: 'false' }, false],
  ])('%s', (_, isTTY, env, wanted) => {
    expect(wantsColours({ isTTY }, env)).toBe(wanted);
  });
});

const both = { FORCE_COLOR: 'always', NO_COLOR: '1', TERM: 'dumb' };

test('progress is drawn in place on terminals that can, whatever is said of colours', () => {
  expect(canRedraw({ isTTY: true }, { NO_COLOR: '1' })).toBe(true);
  expect(canRedraw({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(canRedraw({}, { FORCE_COLOR: '1' })).toBe(false);
});

describe('colours', () => {
  const coloured = makeStyle({ colours: true });

  test('are set and taken back, each by itself', () => {
    expect(coloured.paint('error', 'no')).toBe('\u001b[31mno\u001b[39m');
    expect(coloured.paint('dim', '')).toBe('');
    expect(plainStyle.paint('error', 'no')).toBe('no');
  });

  test.each([
    ['coloured', coloured],
    ['plain', plainStyle],
  ])('%s text of strangers cannot move the cursor', (_, style) => {
    const painted = style.paint('done', 'a\u001b[2Kb\u001b[8m');
    expect(painted).toContain('a\\u{1b}[2Kb\\u{1b}[8m');
    expect(style.safe(`${painted} \u001b[1A`)).toBe(`${painted} \\u{1b}[1A`);
  });

  test('without colours not even ours are let through', () => {
    expect(plainStyle.safe('\u001b[31mred')).toBe('\\u{1b}[31mred');
  });
});

describe('prose', () => {
  const style = (columns?: number) => makeStyle({ colours: false, columns });
  const text = 'the registry harbor.example.org/airgap/images does not have it';

  test('stays as it is where there is no terminal', () => {
    expect(wrap(text, style(), 4)).toBe(text);
  });

  test('is broken between words, and no word is', () => {
    expect(wrap(text, style(30), 4)).toBe(
      'the registry\n    harbor.example.org/airgap/images\n    does not have it',
    );
    expect(wrap(text, style(30), 4, 15)).toMatch(/^the registry\n/);
  });

  test('has its secrets taken out before it is broken', () => {
    const redact = (words: string) => words.replaceAll('does not', '***');
    expect(wrap(text, { ...style(30), redact }, 4)).toContain('\n    *** have it');
  });

  test('a name that is too long keeps its end', () => {
    expect([keepEnd('quay.io/a/b:1', 13), keepEnd('quay.io/a/b:1', 6)]).toEqual([
      'quay.io/a/b:1',
      '…a/b:1',
    ]);
  });
});
