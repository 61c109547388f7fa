import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { fetched, sendings } from './killed.ts';
import { fillRegistry, use } from './limits.ts';

const KiB = 1024;
const MiB = 1024 ** 2;
const memoryLimit = 256 * MiB;
/** `LIMITS=full npx vitest run test/e2e/limits.test.ts`: 2,000 images and a layer of 4 GiB; minutes, 16 GiB of disk. */
const isFull = process.env.LIMITS === 'full';
const [manyImages, largeLayer] = isFull ? [2_000, 4096 * MiB] : [500, 1024 * MiB];
const patience = 600_000;

describe.each([
  [`${manyImages} images`, manyImages, 4 * KiB],
  [`one layer of ${largeLayer / MiB} MiB`, 1, largeLayer],
])('%s: our process stays below 256 MiB', (_, count, layerSize) => {
  let source: TestRegistry;
  let targets: readonly [TestRegistry, TestRegistry];
  let job: Job;
  let images: string[];

  beforeAll(async () => {
    [source, job, targets] = await Promise.all([
      startRegistry(),
      startKeyedJob(),
      Promise.all([startRegistry(), startRegistry()]),
    ]);
    images = await fillRegistry(source, count, layerSize);
  }, patience);
  afterAll(async () => {
    await Promise.all([source, ...targets].map((registry) => registry.stop()));
    await job.remove();
  });

  const bundleFor = ({ host }: TestRegistry) =>
    job.bundle(host, { images, registries: reached(source.host, host) });

  test.each([
    [['mirror'], 0],
    [['create', '-o', 'out'], 1],
    [['verify', 'out/sample-1.0.0.tar', '--key', 'bundle.pub'], 1],
    [['load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub'], 1],
  ] as const)(
    '%j',
    async (argv, target) => {
      await bundleFor(targets[target]);
      const { memory } = await use(job, ...argv);
      if (isFull) console.log(`${argv[0]}: ${Math.round(memory / MiB)} MiB`);
      expect(memory).toBeGreaterThan(20 * MiB);
      expect(memory).toBeLessThanOrEqual(memoryLimit);
    },
    patience,
  );
});

test(
  'create takes the room of the bundle, state and temporary files included, and fetches each blob once',
  async () => {
    const [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
    try {
      const images = await fillRegistry(source, 300, 48 * KiB, 150 * KiB);
      const target = 'registry.invalid';
      await job.bundle(target, { images, registries: reached(source.host, target) });
      const { disk, result } = await use(job, 'create', '-o', 'out');
      const bundle = await stat(result.bundle);
      expect(disk / bundle.size).toBeLessThanOrEqual(1.02);
      const blobs = fetched(source.requests());
      // Configs and their own layers, and the one that all of them share.
      expect(blobs).toHaveLength(300 + 300 + 1);
      expect(new Set(blobs).size).toBe(blobs.length);
    } finally {
      await source.stop();
      await job.remove();
    }
  },
  patience,
);

test('mirror fetches and sends each blob once, configs that planning has read included', async () => {
  const [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startKeyedJob(),
  ]);
  try {
    const count = 20;
    const images = await fillRegistry(source, count, 200 * KiB, 50 * KiB);
    await job.bundle(target.host, { images, registries: reached(source.host, target.host) });
    await job.done('mirror');
    const blobs = fetched(source.requests());
    const sent = sendings(target.requests());
    expect(blobs).toHaveLength(count + count + 1);
    expect(new Set(blobs)).toEqual(new Set(sent.keys()));
    expect(new Set(sent.values())).toEqual(new Set([1]));
  } finally {
    await Promise.all([source.stop(), target.stop(), job.remove()]);
  }
});
