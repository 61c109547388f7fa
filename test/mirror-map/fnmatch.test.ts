import { expect, test } from 'vitest';
import { fnmatch } from '../../src/mirror-map/fnmatch.ts';

test.each([
  ['*', '', true],
  ['*nginx*', 'docker.io/library/nginx:1', true],
  ['docker.io/*', 'docker.io/a/b/c', true],
  ['docker.io/*', 'xdocker.io/a', false],
  ['a?c', 'a/c', true],
  ['a?c', 'ac', false],
  ['nginx:1.[25]*', 'nginx:1.27', true],
  ['nginx:1.[25]*', 'nginx:1.17', false],
  ['[!q]uay', 'guay', true],
  ['[!q]uay', 'quay', false],
  ['[^q]', '^', true],
  ['[^q]', 'a', false],
  ['[a-c]', 'b', true],
  ['[a-c]', '-', false],
  ['[a-]', '-', true],
  ['[-a]', '-', true],
  ['[]x]', ']', true],
  ['[!]x]', ']', false],
  ['a[b', 'a[b', true],
  ['{a,b}', 'a', false],
  ['{a,b}', '{a,b}', true],
  ['NGINX', 'nginx', false],
  ['a.c', 'abc', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
])('%s on %s: %s', (pattern, text, expected) => {
  expect(fnmatch(pattern)(text)).toBe(expected);
});

test('a range that runs backwards fails only when it is asked', () => {
  const matches = fnmatch('[z-a]*');
  expect(() => matches('x')).toThrow(expect.objectContaining({ name: 'error' }));
});

test('many stars on a long name end soon', () => {
  expect(fnmatch(`${'a*'.repeat(30)}b`)('a'.repeat(5000))).toBe(false);
}, 1000);
