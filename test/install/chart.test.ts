import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChart } from '../../src/install/chart.ts';
import { AirgapError } from '../../src/report/error.ts';
import { makeChart, packChart } from '../helpers/chart.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterAll(() => rm(folder, { recursive: true }));

const chartYaml = 'apiVersion: v2\nname: image-swap\nversion: 1.5.3\n';
const bare = 'ociImageRegistry: {endpoint: ""}\n';

describe('a chart that can be used', () => {
  test.each(['bare', 'nested'] as const)('has the %s spelling', async (spelling) => {
    const images = { init: 'example.org/init:1', image: 'example.org/swap:1' };
    const path = await makeChart(folder, { spelling, images });
    const bytes = await readFile(path);
    expect(await readChart(bytes, path)).toEqual({
      name: 'image-swap',
      version: '1.5.3',
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      fileName: 'image-swap-1.5.3.tgz',
      bytes,
      spelling,
      ownImages: images,
    });
    expect(basename(path)).toBe('image-swap-1.5.3.tgz');
  });

  test('names no images of its own', async () => {
    const path = await makeChart(folder, { spelling: 'bare' });
    expect(await readChart(await readFile(path), path)).not.toHaveProperty('ownImages');
  });

  test('names its images in parts', async () => {
    const values = `${bare}config: {imageSwapImages: {imageSwapImage: {repository: a}}}\n`;
    const files = { 'a/Chart.yaml': chartYaml, 'a/values.yaml': values };
    const path = await packChart(folder, 'parts.tgz', files);
    expect(await readChart(await readFile(path), path)).not.toHaveProperty('ownImages');
  });

  test('has a version with a plus, which no path in a bundle can have', async () => {
    const path = await makeChart(folder, { spelling: 'bare', version: '1.5.3+a' });
    const chart = await readChart(await readFile(path), path);
    expect(chart).toMatchObject({ version: '1.5.3+a', fileName: 'image-swap-1.5.3_a.tgz' });
  });

  test.each([
    ['makes none', undefined],
    ['makes one of its values', 'values'],
    ['names one', { name: 'imageswap-system/imageswap-pull' }],
  ] as const)('pull Secret: %s', async (_, pullSecret) => {
    const path = await makeChart(folder, { spelling: 'nested', ...(pullSecret && { pullSecret }) });
    expect((await readChart(await readFile(path), path)).pullSecret).toEqual(pullSecret);
  });

  test('is made the same twice', async () => {
    const once = await readFile(await makeChart(folder, { spelling: 'nested' }));
    expect(await readFile(await makeChart(folder, { spelling: 'nested' }))).toEqual(once);
  });
});

describe('a chart that is refused', () => {
  test.each([
    ['no Chart.yaml', { 'a/values.yaml': bare }, /has no Chart\.yaml/],
    ['no values.yaml', { 'a/Chart.yaml': chartYaml }, /has no values\.yaml/],
    ['no place for a registry', { 'a/values.yaml': 'x: 1\n' }, /no place for a registry/],
    ['a name with a path in it', { 'a/Chart.yaml': 'name: ..\nversion: 1.0.0\n' }, /Chart\.yaml/],
    ['a version that is a number', { 'a/Chart.yaml': 'name: a\nversion: 1.5\n' }, /Chart\.yaml/],
    [
      'a pull Secret that no shell should see',
      { 'a/Chart.yaml': `${chartYaml}annotations: {airgap-bundle/pull-secret: "a/$(id)"}\n` },
      /Chart\.yaml/,
      /pull-secret/,
    ],
    ['broken YAML', { 'a/Chart.yaml': 'name: [\n' }, /Chart\.yaml/],
    ['two top folders', { 'b/more.yaml': '' }, /cannot be used/, /more than one top folder: a, b/],
    ['a file beside the folder', { 'more.yaml': '' }, /cannot be used/, /outside a folder/],
    ['a backslash in a path', { 'a/b\\c': '' }, /cannot be used/, /not plain/],
  ])('%s', async (_, files: Record<string, string>, message, given?: RegExp) => {
    const whole = { 'a/Chart.yaml': chartYaml, 'a/values.yaml': bare };
    const sound = message.source.startsWith('has no') ? {} : whole;
    const path = await packChart(folder, 'wrong.tgz', { ...sound, ...files });
    await expectRefused(await readFile(path), message, given);
  });

  test('more than fits into the Secret of a helm release', async () => {
    const noise = randomBytes(700_000).toString('base64');
    const whole = { 'a/Chart.yaml': chartYaml, 'a/values.yaml': bare };
    const large = await packChart(folder, 'large.tgz', { ...whole, 'a/docs/film.txt': noise });
    const bytes = await readFile(large);
    await expectRefused(bytes, /larger than helm can install/, /^1[0-9]{6} bytes/);
    const subchart = { ...whole, 'a/charts/b/film.txt': noise };
    const path = await packChart(folder, 'subchart.tgz', subchart);
    expect(await readChart(await readFile(path), path)).toMatchObject({ name: 'image-swap' });
  });

  test.each([
    ['not gzip', Buffer.from('PK'), /not a gzip file/],
    ['gzip, but no tar', gzipSync(Buffer.alloc(2048, 'x')), /not a tar archive/],
    ['empty', gzipSync(Buffer.alloc(1024)), /./],
    ['a bomb', gzipSync(Buffer.alloc(64 * 1024 * 1024)), /larger than 20 MiB/],
  ])('%s', async (_, bytes, given) => {
    await expectRefused(bytes, /cannot be used/, given);
  });

  test('a symbolic link', async () => {
    await mkdir(join(folder, 'link'));
    await symlink('/etc/passwd', join(folder, 'link', 'values.yaml'));
    await writeFile(join(folder, 'link', 'Chart.yaml'), chartYaml);
    const file = join(folder, 'link.tgz');
    await create({ gzip: true, cwd: folder, file }, ['link']);
    await expectRefused(await readFile(file), /cannot be used/, /SymbolicLink/);
  });

  test.each(['a/../../x', '/etc/x', './a/x'])('the path %s', async (path) => {
    const file = join(folder, 'path.tgz');
    await mkdir(join(folder, 'a'), { recursive: true });
    await writeFile(join(folder, 'a', 'Chart.yaml'), chartYaml);
    await create({ gzip: true, cwd: folder, file, onWriteEntry: rename(path) }, ['a/Chart.yaml']);
    await expectRefused(await readFile(file), /cannot be used/, /not plain/);
  });
});

function rename(path: string) {
  return (entry: { path: string }) => {
    entry.path = path;
  };
}

async function expectRefused(bytes: Buffer, message: RegExp, given?: RegExp): Promise<void> {
  const error = await readChart(bytes, 'wrong.tgz').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AirgapError);
  expect(error).toMatchObject({ class: 'usage', message: expect.stringMatching(message) });
  if (given) expect((error as AirgapError).given).toMatch(given);
}
