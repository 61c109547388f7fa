import { expect, test } from 'vitest';
import { changedSecretKeys } from '../../src/install/secret-keys.ts';

const secret = Buffer.from('stringData: {DOMAIN: h.io}');

test.each([
  ['no YAML', '{'],
  ['data that is encoded', 'data: {DOMAIN: aC5pbw==}'],
  ['a value that is no text', 'stringData: {INSECURE: false}'],
])('%s', (_, text) => {
  expect(() => changedSecretKeys(secret, Buffer.from(text))).toThrow(
    expect.objectContaining({
      class: 'integrity',
      message: 'registry-secret.yaml of the bundle is of another form than is known',
    }),
  );
});
