import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addImages } from '../../src/cli/images-verb.ts';
import { plainStyle } from '../../src/report/style.ts';
import { type Setting, startSetting } from '../image-sources/setting.ts';
import { withLine } from '../inputs/read.ts';

let setting: Setting;
beforeEach(async () => {
  setting = await startSetting();
  await setting.write({
    'pod.yaml':
      '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: a:1, args: [--b-image, quay.io/b/b:1]}]}}',
  });
});
afterEach(() => setting.remove());

/** What the verb prints for this item of `images:`. */
async function run(item: string, ...args: string[]): Promise<string> {
  await setting.write({ 'bundle.yaml': withLine('images', `images: [${item}]`) });
  let printed = '';
  const program = new Command().exitOverride();
  const finish = (text: string) => {
    printed = text;
  };
  addImages(
    program,
    setting.context,
    Object.assign(finish, { style: plainStyle, beside: () => undefined, redact: String }),
  );
  await program.parseAsync(['images', ...args], { from: 'user' });
  return printed;
}

const [a, b] = [
  'a:1\n  pod.yaml:1 Pod p spec.containers[0].image\n',
  'quay.io/b/b:1\n  pod.yaml:1 Pod p spec.containers[0].args[1]\n',
];

test('a suspected image is taken where its source says so, as plan takes it', async () => {
  const [left, taken] = ['{manifests: pod.yaml}', '{manifests: pod.yaml, suspected: true}'];
  expect(await run(left)).toBe(
    `${a}\nSuspected by their shape, taken only where the source says \`suspected: true\`:\n${b}1 image, 1 suspected\n`,
  );
  expect(await run(taken)).toBe(`${a}${b}2 images\n`);
  expect(await run(left, '--output', 'list')).toMatch(/^a:1\n# suspected: quay\.io\/b\/b:1 /);
  expect(await run(taken, '--output', 'list')).toBe('a:1\nquay.io/b/b:1\n');
});

test('JSON says how an image was found, taken or not', async () => {
  const text = await run('{manifests: pod.yaml, suspected: true}', '--output', 'json');
  expect(JSON.parse(text)).toEqual([
    { image: 'a:1', sources: [a?.split('\n')[1]?.trim()], suspected: false },
    { image: 'quay.io/b/b:1', sources: [b?.split('\n')[1]?.trim()], suspected: true },
  ]);
});

test('one place that is taken is enough', async () => {
  const items = '{manifests: pod.yaml, suspected: true}, {manifests: pod.yaml}';
  expect(await run(items, '--output', 'list')).toBe('a:1\nquay.io/b/b:1\n');
  const beside = await run('{manifests: pod.yaml}, "quay.io/b/b:1"', '--output', 'list');
  expect(beside).toBe('quay.io/b/b:1\na:1\n');
});

test.each([[[]], [['--output', 'json']]])('--suspected is refused with %j', async (output) => {
  await expect(run('a:1', '--suspected', ...output)).rejects.toMatchObject({
    class: 'usage',
    message: '--suspected is for --output list alone',
  });
});
