import { expect, test } from 'vitest';
import { pushFailure, wrongCredentials } from '../../src/registry/failures.ts';

const subject = { host: 'h', what: 'a push to p/a', repository: 'p/a' };

test('a push to where nothing is: what makes it is named', () => {
  const { next } = pushFailure(404, 'NAME_UNKNOWN: repository name not known', subject);
  expect(next).toContain('airgap-bundle prepare');
});

test.each([
  ['UNAUTHORIZED: unauthorized to access repository: p/a, action: push', true],
  ['UNAUTHORIZED: project p not found', true],
  ['UNAUTHORIZED: authentication required', false],
  ['', false],
])('a 401 that says %j may mean a project that is not there: %s', (words, mayBe) => {
  const { class: errorClass, next = '' } = wrongCredentials('h', false, words);
  expect(errorClass).toBe('authentication');
  expect(next).toContain('docker login h');
  expect(next.includes('airgap-bundle prepare')).toBe(mayBe);
});
