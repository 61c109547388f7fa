import { describe, expect, test } from 'vitest';
import {
  AirgapError,
  exitCodeOf,
  exitCodes,
  Failures,
  failuresIn,
} from '../../src/report/error.ts';
import { endOf, errorJson, errorText } from '../../src/report/error-text.ts';

const full = new AirgapError('refused', 'the target refuses the push', {
  given: '403 from harbor.example.org',
  expected: 'the right to push',
  next: 'ask for it',
  cause: new Error('inner'),
});

describe('a failure in words', () => {
  test('has four lines: what failed, given, expected, next', () => {
    expect(errorText(full)).toBe(
      [
        'error: the target refuses the push',
        '  given:     403 from harbor.example.org',
        '  expected:  the right to push',
        '  next:      ask for it',
      ].join('\n'),
    );
  });

  test('leaves out what it does not say', () => {
    expect(errorText(new AirgapError('usage', 'no', { given: '', next: 'go' }))).toBe(
      'error: no\n  next:      go',
    );
  });

  test('keeps further lines of a value below its first', () => {
    const error = new AirgapError('cluster', 'helm failed', { given: 'a\r\nerror: b\n' });
    expect(errorText(error)).toBe('error: helm failed\n  given:     a\n             error: b');
  });

  test('spells out what would move the cursor', () => {
    const error = new AirgapError('usage', 'no image', { given: 'nginx\u001b[2K\rerror' });
    expect(errorText(error)).toContain('given:     nginx\\u{1b}[2K\\u{d}error');
  });
});

describe('the end of a run', () => {
  test('several failures stand one below the other', () => {
    const run = new Failures('2 failed', [full, new AirgapError('usage', 'second')]);
    expect(endOf(run)).toEqual({
      exitCode: 2,
      text: `${errorText(full)}\nerror: second`,
      errors: run.errors.map(errorJson),
    });
  });

  test('anything else is our bug, with its stack and what to do', () => {
    const { text, ...forMachines } = endOf(new TypeError('x is not a function'));
    expect(text).toMatch(
      /^error: this is a bug in airgap-bundle\nTypeError: x is not a function\n\s+at /,
    );
    expect(text).toContain('Please report it');
    const error = { class: 'bug', exitCode: 1, message: 'x is not a function' };
    expect(forMachines).toEqual({ exitCode: 1, errors: [error] });
    expect(endOf('thrown text').text).toContain('\nthrown text\n');
    expect(failuresIn(new TypeError('x'))).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: whatever was thrown because of it is not told', (signal, exitCode) => {
    const message = `interrupted by ${signal}: run again to go on`;
    const error = { class: 'interrupted', exitCode, message };
    expect(endOf(full, signal)).toEqual({ exitCode, text: message, errors: [error] });
    const given = 'done: 1.0 GiB of 2.0 GiB, 50 %';
    expect(endOf(full, signal, '1.0 GiB of 2.0 GiB, 50 %')).toEqual({
      exitCode,
      text: `${message}\n  ${given}`,
      errors: [{ ...error, given }],
    });
  });

  test('without a failure the code is 0', () => {
    expect(exitCodeOf([])).toBe(0);
  });
});

test('a failure for machines has its class and code, and no cause', () => {
  expect(errorJson(full)).toEqual({
    class: 'refused',
    exitCode: 8,
    message: 'the target refuses the push',
    given: '403 from harbor.example.org',
    expected: 'the right to push',
    next: 'ask for it',
  });
});

test('each class has its own exit code', () => {
  expect(Object.values(exitCodes)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
