import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { keygenText } from '../../src/report/bundle-text.ts';
import { initText } from '../../src/report/init-text.ts';
import { plainStyle } from '../../src/report/style.ts';

const begun = { written: [], leftOut: [], emptyList: null };

test.each([
  ['/a/bundle.yaml', './bundle.key', ['keygen --out bundle.key', 'plan']],
  [
    '/a/b/my bundle.yaml',
    './my key.key',
    ["keygen --out 'my key.key'", "plan -f 'my bundle.yaml'"],
  ],
  ["/it's.yaml", null, ["plan -f 'it'\\''s.yaml'"]],
])('what init says to type next to %s is one word a name', (file, key, commands) => {
  const shown = initText({ ...begun, file, key }, plainStyle);
  expect(shown.match(/(?<=^ {2}airgap-bundle ).*$/gm)).toEqual(commands);
});

test.each([
  'bundle.key',
  'my key.key',
  "it's.key",
  'a: b.key',
  '#1.key',
  'a, b.key',
  'null',
  '1.0',
])('what keygen says to write into bundle.yaml names %s', (name) => {
  const files = { privateKey: `/work/${name}`, publicKey: '/work/a.pub' };
  const shown = keygenText({ ...files, keyId: 'ab', type: 'ed25519' });
  expect(load(shown.split('\n').at(-1) ?? '')).toEqual({ signing: { key: name } });
});
