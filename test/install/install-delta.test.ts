import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { uploads } from '../transfer/setting.ts';
import { type Shell, shells } from './jump-host.ts';
import { cleanups, on, registry } from './site.ts';

const images = ['nginx:1', 'quay.io/a/b:1'];
const shared = 'a layer that all of them have';

let source: TestRegistry;
let job: Job;
let far: TestRegistry;
let target: FrontProxy;
let delta: Outcome;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});
beforeEach(async () => {
  far = await registry();
  target = await startFrontProxy(far.host);
  cleanups.push(target.stop);
  await pushImage(source.host, 'docker.io/library/nginx', '1', {
    layers: [shared, 'nginx'],
    platforms: ['linux/amd64', 'linux/arm64'],
  });
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b'] });
  await pushImage(source.host, 'quay.io/a/d', '1', { layers: [shared, 'd'] });
  await create('1.0.0', images);
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b, changed'] });
  delta = await create('1.1.0', images, '--since', 'out/sample-1.0.0.tar');
});

async function create(version: string, list: string[], ...argv: string[]): Promise<Outcome> {
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, {
    images: list,
    version,
    sequence: version === '1.0.0' ? 1 : 2,
    registries,
  });
  return job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...argv);
}

async function install(version: string, shell: Shell = 'dash') {
  const host = await on({ shell });
  const bundle = job.path('out', `sample-${version}.tar`);
  return host.install([bundle, '--key', job.path('bundle.pub'), '--only', 'load']);
}

describe.each(Object.keys(shells) as Shell[])('a delta, by %s', (shell) => {
  test('after its base sends what is new, once, and places every image', async () => {
    expect(await install('1.0.0', shell)).toMatchObject({ code: 0 });
    target.clear();
    expect(await install('1.1.0', shell)).toMatchObject({ code: 0, stderr: '' });
    await provePlacements();
    expect(Object.values(uploads(target.requests))).toEqual([1, 1]);
  });

  test('without its base is refused before anything is written', async () => {
    target.clear();
    const outcome = await install('1.1.0', shell);
    expect(outcome.code).toBe(8);
    expect(outcome.stderr).toMatch(
      new RegExp(
        `^error: the bundle builds on sample 1\\.0\\.0, of which ${target.host} lacks 6 of 6 blobs, \\d+ bytes\n` +
          '  given: +missing: sha256:\\w{64}, sha256:\\w{64}, sha256:\\w{64} and 3 more\n' +
          '  expected: +what sample 1\\.0\\.0 brings, inventory sha256:\\w{64}\n' +
          '  next: +load sample-1\\.0\\.0\\.tar first, ',
      ),
    );
    const methods = new Set(target.requests.map(({ method }) => method));
    expect([...methods].filter((method) => !['GET', 'HEAD'].includes(method))).toEqual([]);
  });
});

test('a delta is loaded by sh where load brought its base', async () => {
  await loadByNode('1.0.0');
  expect(await install('1.1.0')).toMatchObject({ code: 0, stderr: '' });
  await provePlacements();
});

test('a delta is loaded by load where sh brought its base', async () => {
  expect(await install('1.0.0')).toMatchObject({ code: 0 });
  await loadByNode('1.1.0');
  await provePlacements();
});

describe('where the base lies in the repositories of its images alone', () => {
  beforeEach(async () => {
    target.rules.push(({ method, path }) =>
      method === 'POST' && path.includes('/bundles/') ? { status: 403 } : undefined,
    );
    await loadByNode('1.0.0');
  });

  test('a delta is copied image by image', async () => {
    expect(await install('1.1.0')).toMatchObject({ code: 0, stderr: '' });
    await provePlacements();
  });

  test('an image that needs more of it there is found before anything is written', async () => {
    await create('1.1.0', [...images, 'quay.io/a/d:1'], '--since', 'out/sample-1.0.0.tar');
    target.clear();
    const outcome = await install('1.1.0');
    expect(outcome.code).toBe(8);
    expect(outcome.stderr).toMatch(/lacks 1 of \d blobs/);
    const methods = new Set(target.requests.map(({ method }) => method));
    expect([...methods].filter((method) => !['GET', 'HEAD'].includes(method))).toEqual([]);
  });
});

test('a dry run says what would be looked for', async () => {
  const host = await on();
  const bundle = job.path('out/sample-1.1.0.tar');
  const outcome = await host.install([bundle, '--key', job.path('bundle.pub'), '--dry-run']);
  expect(outcome).toMatchObject({ code: 0 });
  expect(outcome.stdout).toContain('would look first for the 6 blobs that sample 1.0.0 brought');
});

async function loadByNode(version: string): Promise<void> {
  const { errors } = await job.done(
    'load',
    `out/sample-${version}.tar`,
    '--key',
    'bundle.pub',
    '--allow-downgrade',
  );
  expect(errors).toEqual([]);
}

async function provePlacements(): Promise<void> {
  for (const { digest, placements } of delta.inventory.images)
    for (const { reference } of placements) {
      const [, repository = '', tag = ''] = /^[^/]+\/(.+):(.+)$/.exec(reference) ?? [];
      const found = await digestAt(far.host, repository, tag);
      expect(`${reference} ${found}`).toBe(`${reference} ${digest}`);
    }
}
