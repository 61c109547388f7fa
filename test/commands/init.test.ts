import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type InitOptions, runInit } from '../../src/commands/init.ts';
import { readBundleSpec } from '../../src/inputs/bundle-file.ts';
import { bundleSchema } from '../../src/inputs/schema.ts';
import { failuresIn } from '../../src/report/error.ts';
import { errorText } from '../../src/report/error-text.ts';
import type { Event } from '../../src/report/events.ts';
import { makeAuthority } from '../helpers/tls.ts';

let folder: string;
let events: Event[];
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'airgap-')), 'shop');
  await mkdir(folder);
  events = [];
});
afterEach(() => rm(resolve(folder, '..'), { recursive: true }));

const context = () => ({
  env: { AIRGAP_BUNDLE_ENDPOINT: 'never.example' },
  cwd: folder,
  temporary: folder,
  now: () => new Date(),
  signal: new AbortController().signal,
  emit: (event: Event) => void events.push(event),
});

const init = (options: Partial<InitOptions>) =>
  runInit({ out: 'bundle.yaml', given: {}, ...options }, context());

const written = (name = 'bundle.yaml') => readFile(join(folder, name), 'utf8');
const specOf = (file: string) => readBundleSpec({ file, given: {} }, { ...context(), env: {} });

async function errorOf(options: Partial<InitOptions>): Promise<string> {
  try {
    await init(options);
  } catch (thrown) {
    const failures = failuresIn(thrown);
    if (failures.length === 0) throw thrown;
    expect(failures.map((failure) => failure.class)).toEqual(failures.map(() => 'usage'));
    return failures.map(errorText).join('\n').replaceAll(folder, 'DIR');
  }
  throw new Error('it was made');
}

describe.each(['flat', 'nested', 'mapping'])('the values %s', (name) => {
  const fixture = resolve(`test/fixtures/init/${name}.values.yaml`);
  const withImages = { from: fixture, given: { images: ['nginx:1.27', 'quay.io/a/b:1'] } };

  test('become a bundle.yaml with a comment on every field', async () => {
    await init(withImages);
    await expect(await written()).toMatchFileSnapshot(`../fixtures/init/${name}.bundle.yaml`);
  });

  test('that the schema and plan take, with nothing of the credentials', async () => {
    const { file } = await init(withImages);
    expect(bundleSchema.safeParse(load(await written())).error).toBeUndefined();
    const spec = await specOf(file);
    expect(spec.images.map(({ image }) => image)).toEqual(['nginx:1.27', 'quay.io/a/b:1']);
    expect(await written()).not.toMatch(/hunter2|aHVudGVy|12345678|username|password|robot/);
  });
});

test('a password of the values is hidden from whatever is printed, and told to be left out', async () => {
  const { leftOut } = await init({ from: resolve('test/fixtures/init/flat.values.yaml') });
  expect(leftOut).toEqual(['password', 'username']);
  expect(events).toContainEqual({ kind: 'secret', value: 'hunter2-hunter2' });
});

test('the map of the values means the same in bundle.yaml', async () => {
  const given = { images: 'a:1' };
  const { file } = await init({ from: resolve('test/fixtures/init/nested.values.yaml'), given });
  const { mirrorMap } = (await specOf(file)).target;
  expect(mirrorMap.entries.map(({ kind, key, value }) => [kind, key, value])).toEqual([
    ['default', 'default', ''],
    ['noswap', 'noswap_wildcards', 'registry.example.org,*.internal'],
    ['registry', 'docker.io', 'registry.example.org/mirror/docker.io'],
    ['exact', 'quay.io/a/b:1', 'registry.example.org/mirror/b:1'],
  ]);
});

describe('flags alone', () => {
  const given = { endpoint: 'h.example:5000', 'images-file': 'list.txt' };
  beforeEach(() => writeFile(join(folder, 'list.txt'), 'nginx:1\nown.example:8443/a/b:1\n'));

  test('give a file that says them, paths relative to it', async () => {
    const out = 'sub/job.yaml';
    const more = { 'ca-cert-file': 'ca.pem', chart: './swap.tgz', 'retry-budget': '5m' };
    const authority = await makeAuthority();
    await writeFile(join(folder, 'ca.pem'), authority.pem);
    await authority.remove();
    const { file } = await init({
      out,
      given: { ...given, ...more, 'signing-key-file': '/k/a.key' },
    });
    expect(load(await written(out))).toMatchObject({
      name: 'sub',
      images: [{ list: '../list.txt' }],
      imageSwap: { chart: '../swap.tgz' },
      signing: { key: '/k/a.key' },
      retryBudget: '5m',
      ociImageRegistry: { name: 'h', baseContentPath: 'airgap-images', caCert: '../ca.pem' },
    });
    expect((await specOf(file)).images).toHaveLength(2);
  });

  test('map the common registries and those of the images, none onto another', async () => {
    const { file } = await init({ given });
    const { entries, problems } = (await specOf(file)).target.mirrorMap;
    expect(problems).toEqual([]);
    const targets = entries.map(({ key, value }) => [key, value]);
    expect(targets).toContainEqual(['docker.io', 'h.example:5000/airgap-images/docker.io']);
    expect(targets).toContainEqual([
      'own.example:8443',
      'h.example:5000/airgap-images/own.example-8443',
    ]);
    expect(new Set(targets.map(([, target]) => target)).size).toBe(targets.length);
  });

  test('win over the values, and no variable is written', async () => {
    const from = resolve('test/fixtures/init/flat.values.yaml');
    await init({ from, given: { ...given, unsigned: true } });
    expect(load(await written())).toMatchObject({
      ociImageRegistry: { endpoint: 'h.example:5000', name: 'harbor' },
      unsigned: true,
    });
    expect(await written()).not.toMatch(/never\.example|signing:/);
  });
});

test('without images there is a list to put them into', async () => {
  const result = await init({ given: { endpoint: 'h.example' } });
  expect(result.emptyList).toBe(join(folder, 'images.txt'));
  expect(await readdir(folder)).toEqual(['bundle.schema.json', 'bundle.yaml', 'images.txt']);
  await expect(specOf(result.file)).rejects.toThrow('no image is listed');
  await writeFile(join(folder, 'images.txt'), 'nginx:1\n');
  expect((await specOf(result.file)).images).toHaveLength(1);
});

test('a list and a schema that are there stay as they are', async () => {
  for (const name of ['images.txt', 'bundle.schema.json']) await writeFile(join(folder, name), 'x');
  const { written: files } = await init({ given: { endpoint: 'h.example' } });
  expect(files).toEqual([join(folder, 'bundle.yaml')]);
  expect([await written('images.txt'), await written('bundle.schema.json')]).toEqual(['x', 'x']);
});

describe('what cannot be is refused, and nothing is written', () => {
  test.each([
    ['nothing to go by', {}, 'neither --from nor --endpoint'],
    ['no such values', { from: 'none.yaml' }, 'the values file is not there'],
    ['values without the section', { from: 'other.yaml' }, 'has no section ociImageRegistry'],
    ['a template', { from: 'template.yaml' }, 'DIR/template.yaml: endpoint, mirrorRegistries'],
    [
      'an endpoint with a scheme',
      { given: { endpoint: 'https://h.example' } },
      'is not host[:port]',
    ],
    [
      'a map that the webhook would ignore',
      { given: { endpoint: 'h.example', 'mirror-registries': 'docker.io' } },
      'mirrorRegistries:1:1',
    ],
    [
      'a list that is not there',
      { given: { endpoint: 'h.example', 'images-file': 'no' } },
      'is not there',
    ],
    ['a name that no bundle has', { given: { endpoint: 'h.example', name: 'Ä' } }, '--name'],
  ] as const)('%s', async (_, options, says) => {
    await writeFile(join(folder, 'other.yaml'), 'replicas: 1\n');
    await writeFile(
      join(folder, 'template.yaml'),
      'ociImageRegistry: {endpoint: REPLACE_WITH_CUSTOM_REGISTRY_DOMAIN, name: a, password: REPLACE_WITH_CUSTOM_REGISTRY_PASSWORD, mirrorRegistries: REPLACE_WITH_CUSTOM_REGISTRY_MIRROR_REGISTRIES}\n',
    );
    expect(await errorOf(options)).toContain(says);
    expect(await readdir(folder)).toEqual(['other.yaml', 'template.yaml']);
  });

  test('a file that is there', async () => {
    await writeFile(join(folder, 'bundle.yaml'), 'mine');
    expect(await errorOf({ given: { endpoint: 'h.example' } })).toContain('init overwrites none');
    expect(await written()).toBe('mine');
    expect(await readdir(folder)).toEqual(['bundle.yaml']);
  });
});
