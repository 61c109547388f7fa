import { describe, expect, test } from 'vitest';
import {
  cureForLoop,
  hasDefault,
  ignoredByContainerd,
  libraryWithoutDockerHub,
  rewriteLoop,
  targetsOutside,
  v2Targets,
} from '../../src/mirror-map/lint.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';

const map = (...lines: string[]) => parseMirrorMap(['# map', ...lines].join('\n'));

describe('rewrite loops', () => {
  test.each([
    [
      'by the default',
      map('default::h.example/d'),
      'quay.io/a:1',
      { once: 'h.example/d/a:1', twice: 'h.example/d/d/a:1' },
    ],
    [
      'by a key',
      map('default::', 'a.example::b.example/x', 'b.example::c.example/y'),
      'a.example/i',
      { once: 'b.example/x/i', twice: 'c.example/y/x/i' },
    ],
    [
      'into a failure',
      map('default::', 'quay.io::h/q', 'docker.io/library::'),
      'quay.io/a',
      { once: 'h/q/a', twice: 'KeyError' },
    ],
    [
      'not once the target is excluded',
      map('default::h.example/d', 'noswap_wildcards::h.example'),
      'quay.io/a:1',
      undefined,
    ],
    ['not by an image that stays', map('default::'), 'quay.io/a:1', undefined],
    ['not by an image that fails', map('default::', 'docker.io/library::x'), 'a/b', undefined],
  ])('%s', (_, map, image, expected) => {
    expect(rewriteLoop(map, image)).toEqual(expected);
  });

  test.each([
    ['excludes the target', map('default::h.example:1/d'), 'noswap_wildcards::h.example:1'],
    [
      'keeps the patterns',
      map('default::h.example:1/d', 'noswap_wildcards::a,b'),
      'noswap_wildcards::a,b,h.example:1',
    ],
    ["empties the target's own key", map('default::', 'h.example::h.example/x'), 'h.example:1::'],
  ])('the cure %s', (_, map, line) => {
    expect(cureForLoop(map, 'h.example:1')).toBe(line);
  });

  test('a target host without a dot cannot be excluded', () => {
    const looping = map('default::', 'docker.io::localhost:5000/d');
    expect(rewriteLoop(looping, 'nginx')).toBeDefined();
    expect(cureForLoop(looping, 'localhost:5000')).toContain('a target host with a dot');
  });
});

describe('entries', () => {
  test.each([
    ['docker.io/library alone', map('docker.io/library::x'), 'docker.io/library'],
    ['beside docker.io', map('docker.io/library::x', 'docker.io::y'), undefined],
    ['of another registry', map('quay.io/library::x', 'docker.io::y'), 'quay.io/library'],
    ['exact lines do not count', map('[EXACT]docker.io/library::x'), undefined],
  ])('library without its registry: %s', (_, map, key) => {
    expect(libraryWithoutDockerHub(map)?.key).toBe(key);
  });

  test.each([
    [map('default::'), true],
    [map('default::x'), true],
    [map('[EXACT]default::x'), false],
  ])('a default is there, case %#', (map, expected) => {
    expect(hasDefault(map)).toBe(expected);
  });

  test('targets with /v2/', () => {
    const some = map(
      'a::h/v2/x',
      'b::h/v2',
      'c::h/x/v2/y',
      'noswap_wildcards::h/v2/x',
      '[EXACT]d::h/v2/d',
    );
    expect(v2Targets(some).map(({ key }) => key)).toEqual(['a', 'b', 'd']);
  });

  test.each([
    ['h/base', 'base', true],
    ['h/base/x', 'base', true],
    ['h/base/', '/base/', true],
    ['h/v2/base/x', 'base', true],
    ['h/base/m-', 'base', true],
    ['h/x', '', true],
    ['h', '', true],
    ['h/base-', 'base', false],
    ['h/basement', 'base', false],
    ['h/other', 'base', false],
    ['h', 'base', false],
    ['h:1/base', 'base', false],
    ['other/base', 'base', false],
  ])('the target %s is inside h/%s: %s', (value, base, inside) => {
    expect(targetsOutside(map(`quay.io::${value}`), 'h', base)).toHaveLength(inside ? 0 : 1);
  });

  test('every kind of entry has a target, patterns and empty values have none', () => {
    const some = map(
      'default::o',
      '[EXACT]a::h/base',
      '[REPLACE]b::',
      'c::',
      'noswap_wildcards::o',
    );
    expect(targetsOutside(some, 'h', 'base').map(({ kind }) => kind)).toEqual([
      'default',
      'exact',
      'replace',
    ]);
  });

  test('entries that containerd does not know', () => {
    const some = map(
      'default::o',
      '[EXACT]a::h/x',
      '[REPLACE]b*::h',
      'docker.io/library::h',
      'c.io::h/m-',
      'd.io::h/d',
      'e.io::',
      'noswap_wildcards::h',
    );
    expect(ignoredByContainerd(some).map(({ key }) => key)).toEqual([
      'default',
      'a',
      'b*',
      'docker.io/library',
      'c.io',
    ]);
  });
});
