import { expect, test } from 'vitest';
import { readTools } from '../../src/inputs/carried-tools.ts';

test.each<[string, Parameters<typeof readTools>[0], string, string]>([
  [
    'no platform of a bundle',
    ['windows/amd64'],
    'tools[0] is no platform that a bundle has tools for',
    'windows/amd64',
  ],
  [
    'one that is there twice',
    ['linux/amd64', 'linux/arm64', { platform: 'linux/amd64', oras: './oras' }],
    'tools[2] is a platform that is there already',
    'linux/amd64',
  ],
])('%s', (_, tools, message, given) => {
  expect(() => readTools(tools, '/')).toThrow(
    expect.objectContaining({ class: 'usage', message, given }),
  );
});
