import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askForSettings } from '../../src/cli/init-questions.ts';
import type { Given } from '../../src/inputs/overrides.ts';
import { context } from '../registry/context.ts';

let input: PassThrough;
let output: PassThrough;
beforeEach(() => {
  [input, output] = [new PassThrough(), new PassThrough()];
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as never);
  vi.spyOn(process, 'stderr', 'get').mockReturnValue(output as never);
});
afterEach(() => vi.restoreAllMocks());

const all: Given = {
  endpoint: 'harbor.example.org',
  'registry-name': 'harbor',
  'base-content-path': 'apps',
  'mirror-registries': 'docker.io::harbor.example.org/apps',
  images: ['nginx:1'],
  platforms: ['linux/amd64'],
  unsigned: true,
};

/** Asks for one setting alone; each answer is typed once the question stands there. */
async function asked(setting: string, ...answers: readonly string[]) {
  const given = Object.fromEntries(Object.entries(all).filter(([name]) => name !== setting));
  const left = [...answers];
  let shown = '';
  let unanswered = '';
  output.on('data', (data: Buffer) => {
    shown += String(data);
    unanswered += String(data);
    if (!/\]: /.test(unanswered)) return;
    unanswered = '';
    const answer = left.shift();
    if (answer === undefined) input.end();
    else input.write(`${answer}\r`);
  });
  const settings = await askForSettings(given, context());
  return { shown, answer: settings[setting] };
}

test.each<[string, string, string, string, unknown]>([
  [
    'a map',
    'mirror-registries',
    'docker.io',
    'error: the webhook would ignore that, and no such file is there',
    'quay.io::h.example/q',
  ],
  [
    'an image',
    'images',
    'nginx:1,Not An Image',
    'error: that is no image name, and no such file is there',
    'redis:7',
  ],
  ['a platform', 'platforms', 'linux', 'error: that is no platform', 'linux/arm64'],
])('%s that cannot be is told, and asked for again', async (_, setting, wrong, says, right) => {
  const { shown, answer } = await asked(setting, wrong, String(right));
  expect(shown).toContain(says);
  expect([answer].flat()).toEqual([right]);
});

test('the end of the input is an error', async () => {
  await expect(asked('images')).rejects.toMatchObject({
    class: 'usage',
    message: 'the input ended before the last question was answered',
  });
});
