import { expect, test } from 'vitest';
import { checkedNames } from '../../src/image-sources/found.ts';

test.each([
  ['', 'an image name must not be empty'],
  ['a'.repeat(64), '64 hexadecimal characters are an image id, not a name'],
  ['h_.example/a', '"h_.example" is not a registry\'s host[:port]'],
  ['r.example/Team/a', 'the repository "Team/a" must be in lower case'],
  ['r.example/a..b', '"a..b" is not a repository'],
  [`r.example/${'a'.repeat(256)}`, 'the repository has 256 characters, 255 are allowed'],
  ['r.example/a:.b', '".b" is not a tag'],
  ['r.example/a@sha256:12', '"sha256:12" is not a sha256 or sha512 digest in lower case'],
])('%j is no name, and that is told with its place', (image, why) => {
  const source = 'deploy.yaml:12 Pod web spec.containers[0].image';
  const { images, errors } = checkedNames([{ image, source, isSuspected: false }]);
  expect(images).toEqual([]);
  expect(errors).toMatchObject([
    {
      class: 'usage',
      message: expect.stringContaining(why),
      given: source,
      next: 'correct the name',
    },
  ]);
});
