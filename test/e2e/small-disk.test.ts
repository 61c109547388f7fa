import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { mountSmallDisk, type SmallDisk } from '../helpers/small-disk.ts';
import { fetched } from './killed.ts';

const MiB = 1024 ** 2;
const layer = randomBytes(6 * MiB);
const layerDigest = digestOf(layer);

describe('create on a disk that', () => {
  let source: TestRegistry;
  let front: FrontProxy;
  let job: Job;
  let disk: SmallDisk;

  beforeAll(async () => {
    [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
    await pushImage(source.host, 'quay.io/a/b', '1', { layers: [layer], opaque: true });
    front = await startFrontProxy(source.host);
    const target = 'registry.invalid';
    const registries = reached(front.host, target);
    await job.bundle(target, { images: ['quay.io/a/b:1'], registries });
  });
  afterAll(async () => {
    await front.stop();
    await Promise.all([source.stop(), job.remove()]);
  });

  beforeEach(async () => {
    disk = await mountSmallDisk(job.path('out'), 10);
  });
  afterEach(async () => {
    front.rules.length = 0;
    front.clear();
    await disk.unmount();
  });

  const create = () => job.run('create', '-o', 'out', '--output', 'json');
  const layersFetched = () => fetched(front.requests).filter((digest) => digest === layerDigest);
  const tooLarge = 7 * MiB;

  async function expectNothingLeft(...others: string[]): Promise<void> {
    expect(await readdir(job.path('out'))).toEqual(others);
    expect(await readdir(job.path('tmp'))).toEqual([]);
  }

  test('has too little room: both figures, and no blob was fetched', async () => {
    await writeFile(job.path('out', 'other'), Buffer.alloc(tooLarge));
    const { exitCode, json } = await create();
    expect(exitCode).toBe(10);
    expect(json.errors).toEqual([
      expect.objectContaining({
        class: 'io',
        message: 'the disk has too little room for the bundle',
        given: expect.stringMatching(/^\d+ bytes free in .*\/out$/),
        expected: expect.stringMatching(/^\d+ bytes$/),
        next: expect.stringContaining('free some space'),
      }),
    ]);
    const free = Number.parseInt(json.errors[0]?.given ?? '', 10);
    expect(free).toBeGreaterThan(2 * MiB);
    expect(free).toBeLessThanOrEqual(3 * MiB);
    expect(Number.parseInt(json.errors[0]?.expected ?? '', 10)).toBeGreaterThan(layer.length);
    expect(layersFetched()).toEqual([]);
    await expectNothingLeft('other');

    await rm(job.path('out', 'other'));
    expect((await create()).exitCode).toBe(0);
  });

  test('somebody else fills meanwhile: nothing at the final name', async () => {
    front.rules.push(async ({ method, path }) => {
      const isLayer = method === 'GET' && path.endsWith(layerDigest);
      if (isLayer) await writeFile(job.path('out', 'other'), Buffer.alloc(tooLarge));
      return undefined;
    });
    const { exitCode, json } = await create();
    expect(exitCode).toBe(10);
    expect(json.errors).toEqual([
      expect.objectContaining({
        class: 'io',
        message: 'the disk is full',
        given: expect.stringContaining('ENOSPC'),
      }),
    ]);
    expect(layersFetched()).toEqual([layerDigest]);
    await expectNothingLeft('other');

    front.rules.length = 0;
    await rm(job.path('out', 'other'));
    expect((await create()).exitCode).toBe(0);
  });
});
