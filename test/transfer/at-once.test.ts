import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { baseInTarget } from '../../src/commands/layout-origin.ts';
import type { InventoryBase } from '../../src/plan/inventory.ts';
import type { LayoutOrigin, RegistriesOrigin, TransferResult } from '../../src/transfer/job.ts';
import { serveOnLoopback } from '../../src/transfer/loopback.ts';
import { type FrontProxy, type FrontRule, startFrontProxy } from '../helpers/proxy.ts';
import {
  type How,
  layoutTar,
  pushSample,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
} from './setting.ts';

/** From here on blobs are oras's to copy. */
const large = (content: string) => Buffer.alloc(1024 * 1024 + 1, content);
const names = ['one', 'two', 'three'];

let setting: Setting;
let source: FrontProxy;
let target: Target;
let samples: readonly Sample[];
beforeAll(async () => {
  setting = await startSetting();
  samples = await Promise.all(
    names.map((name) => {
      const layers = [large('shared'), large(name), large(`${name} more`), `small ${name}`];
      return setting.push(name, { layers, platforms: ['linux/amd64', 'linux/arm64'] });
    }),
  );
});
afterAll(() => setting.stop());
beforeEach(async () => {
  source = await startFrontProxy(setting.source.host, [slowly]);
  target = await startTarget();
  target.rules.push(slowly);
});
afterEach(async () => {
  await target.stop();
  await source.stop();
});

/** So that requests that are sent at a time are seen at a time. */
const slowly: FrontRule = async () => {
  await sleep(5);
  return undefined;
};
const noMounts: FrontRule = ({ method, path }) =>
  method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined;

const states = ({ images }: TransferResult) =>
  new Set(images.flatMap(({ placements }) => placements.map(({ state }) => state)));
/** A host with so many places. */
const narrow = (maxConcurrent: number) => ({ plainHttp: true, maxConcurrent });
const job = (how: How) => {
  const placed = samples.map((sample) => [sample, `m/${sample.name}:1`] as const);
  return setting.job(target.host, placed, how);
};
const from = (client: ReturnType<Setting['client']>): RegistriesOrigin => ({
  kind: 'registries',
  locate: ({ source: repository }) => ({ client, repository }),
});

describe('no host gets more requests at a time than allowed, those of oras included', () => {
  test.each([
    [1, 1],
    [1, 8],
    [5, 2],
  ])('mirror, %i at the source and %i at the target', async (atSource, atTarget) => {
    const origin = from(setting.client(source.host, { access: narrow(atSource) }));
    const result = await setting.run(job({ access: narrow(atTarget), origin }));
    expect(states(result)).toEqual(new Set(['copied']));
    expect(source.mostAtOnce()).toBeLessThanOrEqual(atSource);
    expect(target.mostAtOnce()).toBeLessThanOrEqual(atTarget);
  });

  test.each<[string, number, FrontRule[], string]>([
    ['as a whole', 1, [], 'placed'],
    ['as a whole', 5, [], 'placed'],
    ['one by one', 1, [noMounts], 'copied'],
    ['one by one', 5, [noMounts], 'copied'],
  ])('load %s, %i', async (_, places, rules, state) => {
    target.rules.unshift(...rules);
    const origin = await layoutTar(setting.folder, samples);
    const result = await setting.run(job({ access: narrow(places), origin }));
    await origin.close();
    expect(states(result)).toEqual(new Set([state]));
    expect(target.mostAtOnce()).toBeLessThanOrEqual(places);
  });
});

describe('a blob that is read where it is written has one request more than the only place', () => {
  test.each([
    [1, 2],
    [4, 4],
  ])('mirror within a registry, %i', async (places, expected) => {
    for (const { name, image } of samples) await pushSample(target.registry.host, name, image);
    target.rules.unshift(noMounts);
    const client = setting.client(target.host, { access: narrow(places) });
    const result = await setting.run({ ...job({ origin: from(client) }), target: client });
    expect(states(result)).toEqual(new Set(['copied']));
    expect(target.mostAtOnce()).toBeLessThanOrEqual(expected);
  });

  test.each([
    [1, 2],
    [4, 4],
  ])('load of a delta where mounts are refused, %i', async (places, expected) => {
    for (const { image } of samples) await pushSample(target.registry.host, 'base', image);
    target.rules.unshift(noMounts);
    const client = setting.client(target.host, { access: narrow(places) });
    const origin = await layoutTar(setting.folder, samples);
    const { base, close } = await baseIn('base', client);
    const result = await setting.run({ ...job({ origin: { ...origin, base } }), target: client });
    await Promise.all([origin.close(), close()]);
    expect(states(result)).toEqual(new Set(['copied']));
    expect(target.mostAtOnce()).toBeLessThanOrEqual(expected);
  });
});

/** Every blob is the base's, and is read from there. */
async function baseIn(repository: string, client: ReturnType<Setting['client']>) {
  const contents = new Map(samples.flatMap(({ image }) => [...image.blobs]));
  const documents = new Map(
    samples.flatMap(({ image }) =>
      image.manifests.map(({ descriptor, bytes }) => [
        descriptor.digest,
        { mediaType: descriptor.mediaType, bytes },
      ]),
    ),
  );
  const blobs = [...contents].map(([digest, { length: size }]) => ({ digest, size }));
  const { homes, sizes, read, places } = baseInTarget(
    { blobs } as unknown as InventoryBase,
    client,
  );
  const { source: served, close } = await serveOnLoopback(
    {
      sizeOf: (digest) => sizes.get(digest) ?? documents.get(digest)?.bytes.length,
      read,
      manifest: async (digest) => documents.get(digest) ?? Promise.reject(new Error(digest)),
    },
    { signal: new AbortController().signal },
  );
  const whole = { ...served, places };
  const about = { name: 'base', version: '1', inventoryDigest: samples[0]?.image.root.digest };
  return {
    base: { ...about, repository, blobs: new Set(sizes.keys()), homes, whole },
    close,
  } as { base: NonNullable<LayoutOrigin['base']>; close(): Promise<void> };
}
