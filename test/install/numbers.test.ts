import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toolPath } from '../helpers/tools.ts';
import { type Shell, shells } from './jump-host.ts';

const source = join(import.meta.dirname, '../../src/install/script');
const text = ['numbers', 'bundle-file', 'settings']
  .map((name) => readFileSync(join(source, `${name}.sh`), 'utf8'))
  .join('\n');

describe.each(Object.keys(shells) as Shell[])('%s, which may count in 32 bits', (shell) => {
  const [program = '', ...flags] = shells[shell];
  const run = (script: string) =>
    execFileSync(toolPath(program), [...flags, '-c', `set -euf\n${text}\n${script}`]).toString();

  test.each([
    ['5000000000', '6000000000', 'less'],
    ['6000000000', '5000000000', ''],
    ['4294967296', '4294967296', ''],
    ['20251231235959', '20260101000000', 'less'],
    ['9007199254740990', '9007199254740991', 'less'],
    ['08', '9', 'less'],
  ])('%s and %s', (one, other, expected) => {
    expect(run(`if is_less ${one} ${other}; then printf less; fi`)).toBe(expected);
  });

  test('sizes are added', () => {
    expect(run('added 4294967295 4294967296')).toBe('8589934591');
  });

  test('dates are compared', () => {
    const before = 'is_before 2026-11-22T16:00:00Z 2026-11-22T16:00:01Z';
    expect(run(`if ${before}; then printf before; fi`)).toBe('before');
  });

  test('a range beyond 4 GiB is found in its parts', () => {
    const range = 'part_size=2147483648; pieces "6442450432 2560"';
    expect(run(range)).toBe('3 4194303 512\n4 0 2048\n');
  });

  test('of one file, too', () => {
    expect(run('part_size=9000000000; pieces "8589934592 100"')).toBe('1 16777216 100\n');
  });
});
