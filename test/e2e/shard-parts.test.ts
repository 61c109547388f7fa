import { createHash, randomBytes } from 'node:crypto';
import { copyFile, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { fetched, killHalfway, stalls } from './killed.ts';

const images = ['nginx:1', 'nginx:2', 'quay.io/a/b:1', 'quay.io/a/c:1', 'quay.io/d/e:1'];
const trusted = ['--key', 'bundle.pub'];

let source: TestRegistry;
let target: TestRegistry;
let job: Job;
/** Digest of the largest layer. */
let largest: string;

beforeAll(async () => {
  [source, target, job] = await Promise.all([startRegistry(), startRegistry(), startKeyedJob()]);
  const platforms = ['linux/amd64', 'linux/arm64'];
  const large = randomBytes(300_000);
  for (const tag of ['1', '2'])
    await pushImage(source.host, 'docker.io/library/nginx', tag, {
      layers: [large, tag],
      platforms,
    });
  // Over what is hashed and resumed as one.
  const layer = randomBytes(2_500_000);
  largest = digestOf(layer);
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: ['shared', layer], opaque: true });
  for (const name of ['a/c', 'd/e'])
    await pushImage(source.host, `quay.io/${name}`, '1', {
      layers: ['shared', randomBytes(200_000)],
    });
  await bundle();
  await job.run('plan', '-f', 'bundle.yaml', '-o', 'plan.json');
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove()]);
});
afterEach(async () => {
  for (const name of ['parts', 'joined', 'single'])
    await rm(job.path(name), { recursive: true, force: true });
});

function bundle(fields: object = {}): Promise<void> {
  return job.bundle(target.host, {
    images,
    registries: reached(source.host, target.host),
    ...fields,
  });
}

interface Part {
  readonly part: string;
  readonly shard: string;
  readonly plan: string;
  readonly bytes: number;
  readonly size: number;
  readonly sha256: string;
  readonly resumed: number;
}

const create = (plan: string) => ['create', '-f', 'bundle.yaml', '--plan', plan];

function makePart(shard: string, plan = 'plan.json', ...more: string[]): Promise<Part> {
  return job.done<Part>(...create(plan), '--shard', shard, '-o', 'parts', ...more);
}

function makeParts(plan = 'plan.json', count = 3): Promise<Part[]> {
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  return Promise.all(numbers.map((number) => makePart(`${number}/${count}`, plan)));
}

type Created = Outcome & { readonly parts: readonly string[]; readonly reused: number };

const joinParts = (plan = 'plan.json', ...more: string[]) =>
  job.done<Created>(...create(plan), '--join', 'parts', '-o', 'joined', ...more);

/** What lies in a folder: SHA-256 by name. */
async function sumsIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(job.path(folder))).sort();
  const sum = async (name: string) =>
    createHash('sha256')
      .update(await readFile(job.path(folder, name)))
      .digest('hex');
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await sum(name)])));
}

describe('the parts of a plan', () => {
  test('are a file each with each blob once, need no key and are the same each time', async () => {
    await rename(job.path('bundle.key'), job.path('away.key'));
    const parts = await makeParts().finally(() =>
      rename(job.path('away.key'), job.path('bundle.key')),
    );
    expect(Object.keys(await sumsIn('parts'))).toEqual(
      [1, 2, 3].map((number) => `sample-1.0.0.shard-${number}-of-3.tar`),
    );
    const { blobs } = JSON.parse(await readFile(job.path('plan.json'), 'utf8'));
    const bytes = blobs.reduce((sum: number, { size }: { size: number }) => sum + size, 0);
    expect(parts.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
    const before = await sumsIn('parts');
    expect(parts.map(({ sha256 }) => sha256)).toEqual(Object.values(before));
    const again = await makePart('2/3');
    expect(again.resumed).toBe(again.bytes);
    expect(await sumsIn('parts')).toEqual(before);
  });

  test('say what they are to inspect, and are taken for no bundle', async () => {
    const [first] = await makeParts();
    const { inventory } = await job.done<{ inventory: { shard: object } }>(
      'inspect',
      first?.part ?? '',
    );
    expect(inventory.shard).toEqual({ plan: first?.plan, number: 1, count: 3 });
    expect((await job.run('inspect', first?.part ?? '')).stdout).toContain('shard 1/3');
    const ways = [['--allow-unsigned'], ['--key', 'bundle.pub']];
    for (const [verb, way] of ['verify', 'load'].flatMap((verb) =>
      ways.map((way) => [verb, way]),
    )) {
      const ended = await job.run(String(verb), first?.part ?? '', ...(way ?? []));
      expect(ended).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('not joined yet'),
      });
    }
    const delta = await job.run('create', '-f', 'bundle.yaml', '--since', first?.part ?? '');
    expect(delta).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not joined yet') });
  });
});

test('a part that is killed halfway has no name yet, and is gone on with', async () => {
  const front = await startFrontProxy(source.host);
  try {
    await bundle({ registries: reached(front.host, target.host) });
    front.rules.push(stalls(largest));
    const argv = [...create('plan.json'), '--shard', '1/1', '-o', 'parts'];
    await killHalfway(job, () => fetched(front.requests).length >= 8, ...argv);
    const left = await readdir(job.path('parts'));
    expect(left.filter((name) => !name.startsWith('.'))).toEqual([]);
    front.rules.length = 0;
    const { resumed, sha256 } = await makePart('1/1');
    expect(resumed).toBeGreaterThan(0);
    expect(Object.keys(await sumsIn('parts'))).toEqual(['sample-1.0.0.shard-1-of-1.tar']);
    await rm(job.path('parts'), { recursive: true });
    expect(await makePart('1/1')).toMatchObject({ resumed: 0, sha256 });
  } finally {
    await bundle();
    await front.stop();
  }
});

describe('joined, they are the bundle that one run makes, byte for byte', () => {
  test.each([[[]], [['--split-size', '1MiB']]])('%j', async (more) => {
    const one = await job.done<Created>(...create('plan.json'), '-o', 'single', ...more);
    await makeParts();
    const asked = await requestsOf(source, async () => {
      const { sha256, reused } = await joinParts('plan.json', ...more);
      expect({ sha256, reused }).toEqual({ sha256: one.sha256, reused: 0 });
    });
    expect(asked).toEqual([]);
    expect(await sumsIn('joined')).toEqual(await sumsIn('single'));
    await job.done('verify', 'joined/sample-1.0.0.tar', ...trusted);
  });

  test('whether or not another machine has them, with what a platform filter drops', async () => {
    await bundle({ platforms: ['linux/arm64'], images: ['nginx:1', 'nginx:2'] });
    await job.run('plan', '-f', 'bundle.yaml', '-o', 'filtered.json');
    const one = await job.done<Created>(...create('filtered.json'), '-o', 'single');
    await makeParts('filtered.json', 2);
    // Nothing is kept on another machine.
    await rm(job.path('.airgap-bundle'), { recursive: true });
    const asked = await requestsOf(source, async () => {
      expect((await joinParts('filtered.json')).sha256).toBe(one.sha256);
    });
    await bundle();
    expect(asked).toEqual([]);
  });

  test('and are loaded', async () => {
    await makeParts();
    await joinParts();
    const { counts } = await job.done('load', 'joined/sample-1.0.0.tar', ...trusted);
    expect(counts).not.toHaveProperty('failed');
  });

  test('of a delta too', async () => {
    await job.done(...create('plan.json'), '-o', 'single');
    await rename(job.path('single/sample-1.0.0.tar'), job.path('old.tar'));
    await bundle({ version: '1.1.0', images: [...images, 'quay.io/f/g:1'] });
    await pushImage(source.host, 'quay.io/f/g', '1', { layers: ['shared', randomBytes(100_000)] });
    await job.run('plan', '-f', 'bundle.yaml', '--since', 'old.tar', '-o', 'delta.json');
    const one = await job.done<Created>(...create('delta.json'), '-o', 'single');
    await makeParts('delta.json');
    await rm(job.path('.airgap-bundle'), { recursive: true });
    const asked = await requestsOf(source, async () => {
      expect((await joinParts('delta.json')).sha256).toBe(one.sha256);
    });
    await bundle();
    expect(asked).toEqual([]);
  });

  test('with more parts than there is to share out', async () => {
    const one = await job.done<Created>(...create('plan.json'), '-o', 'single');
    const parts = await makeParts('plan.json', 7);
    expect(parts.at(-1)).toMatchObject({ shard: '7/7', bytes: 0 });
    expect((await joinParts()).sha256).toBe(one.sha256);
  });
});

describe('what does not belong together is told, and nothing is written', () => {
  const part = (number: number, count = 3) => `parts/sample-1.0.0.shard-${number}-of-${count}.tar`;
  test.each<[string, () => Promise<unknown>, number, string]>([
    [
      'no part',
      () => rm(job.path('parts'), { recursive: true }).then(() => job.write('parts/x', '')),
      2,
      'no parts to join',
    ],
    ['no folder', () => rm(job.path('parts'), { recursive: true }), 2, 'no parts to join'],
    ['one is missing', () => rm(job.path(part(2))), 2, 'lacks sample-1.0.0.shard-2-of-3.tar'],
    [
      'one twice',
      () => copyFile(job.path(part(2)), job.path('parts/copy.shard-9-of-9.tar')),
      2,
      'a part is there twice',
    ],
    ['one of another N', () => makePart('1/2'), 2, 'split in two ways'],
    [
      'one of another plan',
      async () => {
        await bundle({ version: '1.0.1' });
        await job.run('plan', '-f', 'bundle.yaml', '-o', 'other.json');
        await makePart('2/3', 'other.json');
        await bundle();
        await rename(job.path('parts/sample-1.0.1.shard-2-of-3.tar'), job.path(part(2)));
      },
      2,
      'no part of this plan',
    ],
    ['a text', () => job.write(part(2), 'no tar'), 5, 'damaged'],
    ['one cut short', async () => truncate(part(2), -600), 5, 'damaged'],
    ['a layer with other bytes', () => damage(part(2), (size) => size - 4_000), 5, 'damaged'],
    ['a manifest with other bytes', () => damageManifest(part(1)), 5, 'damaged'],
    ['a part whose list is damaged', () => damage(part(2), () => 600), 5, 'damaged'],
  ])('%s', async (_, change, exitCode, says) => {
    await makeParts();
    await change();
    let ended = { exitCode: 0, stderr: '' };
    await rm(job.path('.airgap-bundle'), { recursive: true, force: true });
    const asked = await requestsOf(source, async () => {
      ended = await job.run(...create('plan.json'), '--join', 'parts', '-o', 'joined');
    });
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining(says) });
    expect(asked).toEqual([]);
    expect(await readdir(job.path('joined')).catch(() => [])).toEqual([]);
  });

  test.each<[string, string[], string]>([
    [
      'no plan',
      ['create', '-f', 'bundle.yaml', '--join', 'parts'],
      '--join is given without --plan',
    ],
    [
      '--reuse',
      [...create('plan.json'), '--join', 'parts', '--reuse', 'x.tar'],
      '--join and --reuse',
    ],
    [
      '--report',
      [...create('plan.json'), '--shard', '1/3', '--report', 'r'],
      '--shard and --report',
    ],
    ['both', [...create('plan.json'), '--join', 'parts', '--shard', '1/3'], '--shard and --join'],
    [
      'a part in parts',
      [...create('plan.json'), '--shard', '1/3', '--split-size', '1MiB'],
      '--shard and --split-size',
    ],
  ])('%s', async (_, words, says) => {
    expect(await job.run(...words)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(says),
    });
  });

  test('a plan without images has nothing to share out', async () => {
    await job.run('plan', '-f', 'bundle.yaml', '--without-images', '-o', 'light.json');
    for (const words of [
      ['--shard', '1/3'],
      ['--join', 'parts'],
    ]) {
      const ended = await job.run(...create('light.json'), ...words);
      expect(ended).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('without images'),
      });
    }
  });
});

async function truncate(name: string, by: number): Promise<void> {
  const { size } = await stat(job.path(name));
  const file = await open(job.path(name), 'r+');
  await file.truncate(size + by);
  await file.close();
}

async function damage(name: string, at: (size: number) => number): Promise<void> {
  const { size } = await stat(job.path(name));
  const file = await open(job.path(name), 'r+');
  await file.write(Buffer.from('~~~~'), 0, 4, at(size));
  await file.close();
}

/** The first manifest of an image in it. */
async function damageManifest(name: string): Promise<void> {
  const bytes = await readFile(job.path(name));
  await damage(name, () => bytes.indexOf('"schemaVersion":2', bytes.indexOf('blobs/sha256/')) + 1);
}
