import { describe, expect, test } from 'vitest';
import { effectiveMap } from '../../src/mirror-map/effective.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { printAsList, printMirrorMap } from '../../src/mirror-map/print.ts';

const entries = (text: string) =>
  parseMirrorMap(text).entries.map(({ kind, key, value }) => [kind, key, value]);

describe('entries', () => {
  test.each([
    [
      'a line',
      'quay.io::H/q\ngcr.io::H/g',
      [
        ['registry', 'quay.io', 'H/q'],
        ['registry', 'gcr.io', 'H/g'],
      ],
    ],
    [
      'all kinds',
      '[EXACT]a:1::H/a\n[REPLACE] n*::H\ndefault::\nnoswap_wildcards::a, b',
      [
        ['exact', 'a:1', 'H/a'],
        ['replace', 'n*', 'H'],
        ['default', 'default', ''],
        ['noswap', 'noswap_wildcards', 'a,b'],
      ],
    ],
    [
      'spaces anywhere',
      '  quay . io :: H/ q  \nx::',
      [
        ['registry', 'quay.io', 'H/q'],
        ['registry', 'x', ''],
      ],
    ],
    [
      'other line ends',
      'a::1\r\nb::2\rc::3',
      [
        ['registry', 'a', '1'],
        ['registry', 'b', '2'],
        ['registry', 'c', '3'],
      ],
    ],
    [
      'comments',
      '# no\n  # no\na::1 # cut\nb::2 ## cut',
      [
        ['registry', 'a', '1'],
        ['registry', 'b', '2'],
      ],
    ],
    ['two runs of #: the last is cut', 'a::1#x # y\n\n#', [['registry', 'a', '1#x']]],
    [
      "a third colon is the value's",
      'a:::b\nc::',
      [
        ['registry', 'a', ':b'],
        ['registry', 'c', ''],
      ],
    ],
    [
      'the comma form',
      'a::1, b::2,,\n',
      [
        ['registry', 'a', '1'],
        ['registry', 'b', '2'],
      ],
    ],
    [
      'patterns in the comma form',
      'noswap_wildcards::x,y:5,b::2',
      [
        ['noswap', 'noswap_wildcards', 'x,y:5'],
        ['registry', 'b', '2'],
      ],
    ],
    ['patterns after an empty one', 'noswap_wildcards::,y', [['noswap', 'noswap_wildcards', 'y']]],
    [
      'a byte order mark',
      '\uFEFFa::1\nb::2',
      [
        ['registry', 'a', '1'],
        ['registry', 'b', '2'],
      ],
    ],
    ['nothing', ' \n', []],
  ])('%s', (_, text, expected) => {
    expect(entries(text)).toEqual(expected);
  });

  test('have the place where they stand', () => {
    const places = (text: string) =>
      parseMirrorMap(text).entries.map(({ line, column }) => `${line}:${column}`);
    expect(places('# x\n\n  a::1\nb::2')).toEqual(['3:3', '4:1']);
    expect(places('\na::1, b::2')).toEqual(['2:1', '2:7']);
  });
});

describe('problems', () => {
  test.each([
    ['quay.io\na::1', '1:1 error quay.io', 'has no "::"; the webhook ignores it'],
    ['a::1\n  quay.io:5000:x # c', '2:3 error quay.io:5000:x # c', 'which a port needs'],
    ['a::1\nb::c::d', '2:1 error b::c::d', '"::" more than once'],
    ['a::1,b,c::3', '1:6 error b', 'has no "::"'],
    ['a::1\nquay.io:H', '2:1 warning quay.io:H', 'write "::"'],
    ['a::1,\nb::2', '1:1 warning a::1,', 'at which its comma form is cut'],
    ['a::1\n[REPLACE]{a,b}*::H', '2:1 warning {a,b}*::H', 'at which its comma form is cut'],
    ['a::1\nnoswap_wildcards::x,', '2:1 warning noswap_wildcards::x,', 'every image matches'],
    ['a::1\na::2', '2:1 warning a::2', 'gives the key of line 1, column 1 again'],
  ])('%j', (text, where, message) => {
    const [problem, ...others] = parseMirrorMap(text).problems;
    expect(others).toEqual([]);
    expect(`${problem?.line}:${problem?.column} ${problem?.severity} ${problem?.text}`).toBe(where);
    expect(problem?.message).toContain(message);
  });

  test('the webhook reads the old spelling, and ignores the others', () => {
    expect(entries('quay.io:H\nb:1:2\nc')).toEqual([['registry', 'quay.io', 'H']]);
  });
});

describe('printing', () => {
  test('the line form has one spelling and no comments', () => {
    const text =
      '# c\n a :: 1 # x\nb:2\nbad\n[EXACT] n:1::H\n[REPLACE]n*::H\nnoswap_wildcards::x, y\n';
    const printed = 'a::1\nb::2\n[EXACT]n:1::H\n[REPLACE]n*::H\nnoswap_wildcards::x,y\n';
    expect(printMirrorMap(parseMirrorMap(text))).toBe(printed);
  });

  test.each([
    'a::1#x # y\nb::2',
    'x\na::1,2',
    'x\nnoswap_wildcards::a,,b',
    'a::1,noswap_wildcards::b,c',
    ' #a::b # c\nd::e',
  ])('reading %j again gives the same entries', (text) => {
    const printed = printMirrorMap(parseMirrorMap(text));
    expect(entries(printed)).toEqual(entries(text));
  });

  test.each([
    ['the comma form stays as it was written', ' a::1, b::2\n', 'a::1, b::2'],
    ['lines are joined, in order', '# c\nb::2\n\na :: 1 # x\n', 'b::2,a::1'],
    ['patterns stay with their key', 'noswap_wildcards::x, y\nb:2\n', 'noswap_wildcards::x,y,b::2'],
  ])('as a list: %s', (_, text, list) => {
    expect(printAsList(text)).toBe(list);
  });

  test('lines and their list mean the same', () => {
    const text = 'noswap_wildcards::x,y\nquay.io:H\n[EXACT]a:1::b\ndefault::\n';
    expect(entries(printAsList(text))).toEqual(entries(text));
  });
});

describe('the effective map', () => {
  const effective = (text: string) =>
    printMirrorMap(effectiveMap(parseMirrorMap(text), 'h.example:8443'));
  test.each([
    [
      'gets both keys',
      'quay.io::H,gcr.io::H',
      'default::\nnoswap_wildcards::h.example:8443\nquay.io::H\ngcr.io::H\n',
    ],
    [
      'keeps its own default',
      'default::D,a::b',
      'noswap_wildcards::h.example:8443\ndefault::D\na::b\n',
    ],
    ['keeps its own patterns', 'noswap_wildcards::,default::', 'noswap_wildcards::\ndefault::\n'],
    [
      '[EXACT]default is no default',
      '[EXACT]default::D,noswap_wildcards::x',
      'default::\n[EXACT]default::D\nnoswap_wildcards::x\n',
    ],
  ])('%s', (_, text, expected) => {
    expect(effective(text)).toBe(expected);
  });
});
