import { expect, test } from 'vitest';
import { diskError, isDiskFull } from '../../src/disk/failures.ts';

const failing = (code: string, errno: number) => Object.assign(new Error(code), { code, errno });

test.each([
  ['ENOSPC', -28, 'the disk is full', '/out/a: ENOSPC', true],
  // Node's own words for it.
  ['Unknown system error -122', -122, 'the disk quota is used up', '/out/a: EDQUOT', true],
  ['EROFS', -30, 'the file system is read-only', '/out/a: EROFS', false],
  ['EACCES', -13, 'permission denied', '/out/a: EACCES', false],
  ['EPERM', -1, 'permission denied', '/out/a: EPERM', false],
  ['EIO', -5, 'the file cannot be read or written', '/out/a: EIO', false],
])('%s', (code, errno, message, given, isFull) => {
  const error = diskError('/out/a', failing(code, errno));
  expect(error).toMatchObject({ class: 'io', message, given });
  expect(isDiskFull(error)).toBe(isFull);
});

test('what the operating system has not refused is left as it is', () => {
  const error = new Error('stopped');
  expect(diskError('/out/a', error)).toBe(error);
  expect(isDiskFull(error)).toBe(false);
});
