import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { startTarget, type Target } from '../transfer/setting.ts';
import { killHalfway, until } from './killed.ts';

let source: TestRegistry;
let front: FrontProxy;
let target: Target;
let jobs: [Job, Job];
let digest: string;

const images = ['nginx:1', 'quay.io/a/b:1'];
const layer = Buffer.alloc(400_000, 'nginx ');
const isOfLayer = ({ path }: { path: string }) => path.includes(digestOf(layer));

beforeAll(async () => {
  source = await startRegistry();
  front = await startFrontProxy(source.host);
  const nginx = { layers: [layer], opaque: true };
  const other = { layers: [Buffer.alloc(500_000, 'other ')], opaque: true };
  jobs = await Promise.all([startKeyedJob(), startKeyedJob()]);
  digest = (await pushImage(source.host, 'docker.io/library/nginx', '1', nginx)).digest;
  await pushImage(source.host, 'quay.io/a/b', '1', other);
});
afterAll(async () => {
  await front.stop();
  await source.stop();
  for (const job of jobs) await job.remove();
});

beforeEach(async () => {
  target = await startTarget();
  for (const job of jobs)
    await job.bundle(target.host, { images, registries: reached(front.host, target.host) });
});
afterEach(async () => {
  front.rules.length = 0;
  front.clear();
  await target.stop();
  const made = ['out', 'old', 'state', '.airgap-bundle'];
  for (const job of jobs)
    for (const name of made) await rm(job.path(name), { recursive: true, force: true });
});

/** Runs while another run waits for an answer of the source, which comes then. */
async function meanwhile(first: readonly string[], second: () => Promise<void>): Promise<void> {
  let goOn = () => {};
  const isTime = new Promise<undefined>((resolve) => {
    goOn = () => resolve(undefined);
  });
  front.rules.push((request) => (isOfLayer(request) ? isTime : undefined));
  const running = jobs[0].run(...first, '--output', 'json');
  await until(() => front.requests.some(isOfLayer));
  try {
    await second();
  } finally {
    goOn();
  }
  const ended = await running;
  expect(ended.stderr).not.toContain('error:');
  expect(ended.exitCode).toBe(0);
}

const create = (...more: string[]) => ['create', '-f', 'bundle.yaml', '-o', 'out', ...more];
const mirror = ['mirror', '-f', 'bundle.yaml'];

describe('while a run is under way, in the same folder', () => {
  test.each([
    ['create', create(), 'work folder'],
    ['mirror', mirror, 'work folder'],
  ])('a second %s is refused with who holds it, and changes nothing', async (_, argv, what) => {
    await meanwhile(argv, async () => {
      const asked = manifestsAsked();
      const ended = await jobs[0].run(...argv, '--output', 'json');
      expect(ended.exitCode).toBe(12);
      expect(ended.json.errors).toEqual([
        expect.objectContaining({
          class: 'locked',
          message: expect.stringContaining(what),
          given: expect.stringMatching(/^process \d+ on .+, since 20/),
          next: expect.stringMatching(/^wait until it has ended, or stop it: kill \d+$/),
        }),
      ]);
      expect(manifestsAsked()).toBe(asked);
    });
    if (argv[0] === 'create') await jobs[0].done('verify', bundle, '--key', 'bundle.pub');
    expect(await readdir(jobs[0].path('.airgap-bundle'))).toEqual(['manifests', 'referrers.json']);
  });

  test('what only looks, another verb, and another plan are in nobody’s way', async () => {
    const [job] = jobs;
    await job.done('create', '-f', 'bundle.yaml', '-o', 'old');
    await job.done('plan', '-f', 'bundle.yaml', '-o', 'plan.json');
    front.clear();
    await meanwhile(create('--fresh'), async () => {
      front.rules.length = 0;
      await job.done('plan', '-f', 'bundle.yaml');
      await job.done('inspect', 'old/sample-1.0.0.tar');
      await job.done('verify', 'old/sample-1.0.0.tar', '--key', 'bundle.pub');
      await job.done(...mirror);
      await job.done('create', '-f', 'bundle.yaml', '-o', 'old', '--plan', 'plan.json');
    });
  });

  test('a second run into the same output folder is refused, from elsewhere too', async () => {
    await meanwhile(create(), async () => {
      front.rules.length = 0;
      const ended = await jobs[1].run('create', '-f', 'bundle.yaml', '-o', jobs[0].path('out'));
      expect(ended.exitCode).toBe(12);
      expect(ended.stderr).toContain('error: another run holds the bundle /');
    });
    await jobs[0].done('verify', bundle, '--key', 'bundle.pub');
  });
});

/** The run that is under way may go on with other blobs. */
const manifestsAsked = () =>
  front.requests.filter(({ path }) => path.includes('/manifests/')).length;

const bundle = join('out', 'sample-1.0.0.tar');

test('what a killed run held is free', async () => {
  front.rules.push((request) => (isOfLayer(request) ? new Promise(() => {}) : undefined));
  const isAsked = () => front.requests.some(isOfLayer);
  await killHalfway(jobs[0], isAsked, ...create());
  front.rules.length = 0;
  expect(await readdir(jobs[0].path('out'))).toContain('.sample-1.0.0.tar.lock');
  await jobs[0].done(...create());
  const names = ['install.sh', 'sample-1.0.0.tar', 'sample-1.0.0.tar.sha256'];
  expect((await readdir(jobs[0].path('out'))).sort()).toEqual(names);
});

test('two loads of one user of one name into one target: the second is refused', async () => {
  await jobs[0].done(...create());
  const load = ['load', bundle, '--key', 'bundle.pub'];
  let goOn = () => {};
  const isTime = new Promise<undefined>((resolve) => {
    goOn = () => resolve(undefined);
  });
  target.rules.push(({ method }) => (method === 'PUT' || method === 'POST' ? isTime : undefined));
  const running = jobs[0].run(...load);
  await until(() => target.registry.requests().some(({ method }) => method === 'HEAD'));
  const second = await jobs[0].run(...load);
  expect(second.stderr).toContain('error: another run holds what is loaded of sample into ');
  expect(second.exitCode).toBe(12);
  goOn();
  expect((await running).exitCode).toBe(0);
  expect(await digestAt(target.host, 'm/docker.io/nginx', '1')).toBe(digest);
});

test('a load that another one took for dead leaves the record of that one', async () => {
  await jobs[0].done(...create());
  const load = ['load', bundle, '--key', 'bundle.pub'];
  const records = jobs[0].path('state', 'airgap-bundle');
  let isTaken: Promise<void> | undefined;
  target.rules.push(async ({ method }) => {
    if (method !== 'PUT' && method !== 'POST') return undefined;
    isTaken ??= readdir(records).then((names) => rm(join(records, names[0] ?? '')));
    await isTaken;
    return undefined;
  });
  const ended = await jobs[0].run(...load);
  expect(ended.stderr).toContain('error: another run has had what is loaded of sample into ');
  expect(ended.exitCode).toBe(12);
  expect(await readdir(records)).toEqual([]);
});

test.each([
  ['mirrors', mirror],
  ['loads', ['load', bundle, '--key', 'bundle.pub']],
])('two %s into one target at once, from different folders, are both right', async (_, argv) => {
  if (argv[0] === 'load') {
    await jobs[0].done(...create());
    await jobs[1].write(bundle, await readFile(jobs[0].path(bundle)));
    await jobs[1].write('bundle.pub', await readFile(jobs[0].path('bundle.pub')));
  }
  const ended = await Promise.all(jobs.map((job) => job.run(...argv, '--output', 'json')));
  expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr.match(/error:.*/)])).toEqual([
    [0, null],
    [0, null],
  ]);
  for (const path of ['m/docker.io/nginx', 'm/docker.io/library/nginx'])
    expect(await digestAt(target.host, path, '1')).toBe(digest);
});
