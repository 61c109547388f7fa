import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { ociIndex } from '../../src/oci/media-types.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import {
  manifestPuts,
  mounts,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
  uploads,
} from './setting.ts';

let setting: Setting;
let target: Target;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());
beforeEach(async () => {
  target = await startTarget();
});
afterEach(() => target.stop());

const base = 'a base layer that many images share';
const states = (result: { images: readonly { placements: readonly { state: string }[] }[] }) =>
  result.images.map(({ placements }) => placements.map(({ state }) => state));
const imageEvents = () =>
  setting.events.flatMap((event) =>
    event.kind === 'image' ? [`${event.image} ${event.state}`] : [],
  );

async function resolves(path: string, sample: Sample): Promise<void> {
  const [repository = '', tag = ''] = path.split(':');
  const found = await setting.client(target.host).headManifest(repository, tag);
  expect(found?.digest, path).toBe(sample.image.root.digest);
}

describe('a source that counts pulls', () => {
  test.each([
    ['too few are left: warned', 1, 1],
    ['enough are left: nothing is said', 2, 0],
  ])('%s', async (_, left, warnings) => {
    const counting = await startFrontProxy(setting.source.host);
    counting.rules.push(({ method, path }) =>
      method === 'HEAD' && path.includes('/probe/')
        ? { status: 404, headers: { 'ratelimit-remaining': `${left};w=21600` } }
        : undefined,
    );
    const from = setting.client(counting.host);
    await from.headManifest('probe', '1');
    const both = await setting.push('both', {
      layers: ['b'],
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    const origin = {
      kind: 'registries',
      locate: () => ({ client: from, repository: 'both' }),
    } as const;
    await setting.run(setting.job(target.host, [[both, `m/counted-${left}:1`]], { origin }));
    const warned = setting.events.filter(({ kind }) => kind === 'warning');
    expect(warned).toHaveLength(warnings);
    await counting.stop();
  });
});

describe('mirror into an empty registry', () => {
  let samples: readonly Sample[];
  beforeAll(async () => {
    samples = [
      await setting.push('one', { layers: [base, 'one'] }),
      await setting.push('two', { layers: [base, 'two'] }),
      await setting.push('three', { layers: [base, 'three'] }),
    ];
  });

  test('sends each blob once, mounts the rest, and a second run only looks', async () => {
    const [one, two, three] = samples as [Sample, Sample, Sample];
    const places = ['m/one:1', 'm/library/one:1', 'm/two:1', 'other/three:1'];
    const job = setting.job(target.host, [
      [one, 'm/one:1', 'm/library/one:1'],
      [two, 'm/two:1'],
      [three, 'other/three:1'],
    ]);
    const result = await setting.run(job);
    expect(states(result).flat()).not.toContain('failed');
    for (const [at, path] of places.entries())
      await resolves(path, [one, one, two, three][at] as Sample);

    const blobs = new Map(samples.flatMap(({ image }) => [...image.blobs]));
    const sent = uploads(target.requests);
    expect(Object.keys(sent).sort()).toEqual([...blobs.keys()].sort());
    expect(new Set(Object.values(sent))).toEqual(new Set([1]));
    expect(result.bytesSent).toBe([...blobs.values()].reduce((sum, { length }) => sum + length, 0));
    // Twelve blobs in four repositories (config and two layers each), seven of them unique.
    expect(mounts(target.requests)).toHaveLength(12 - 7);

    target.clear();
    const again = await setting.run(job);
    expect(states(again)).toEqual([['there', 'there'], ['there'], ['there']]);
    expect(again.bytesSent).toBe(0);
    const methods = target.requests.map(({ method }) => method);
    expect(methods).toEqual(['HEAD', 'HEAD', 'HEAD', 'HEAD']);
    expect(imageEvents()).toEqual(['one there', 'two there', 'three there']);
  });

  test('tells what was copied and what was only placed', async () => {
    const [one, two] = samples as [Sample, Sample];
    const result = await setting.run(
      setting.job(target.host, [
        [one, 'm/one:1'],
        [two, 'm/two:1'],
        [one, 'n/one:1'],
      ]),
    );
    expect(states(result)).toEqual([['copied'], ['copied'], ['placed']]);
    expect(imageEvents().sort()).toEqual(['one copied', 'one placed', 'two copied']);
    const bytes = setting.events.filter((event) => event.kind === 'bytes');
    expect(bytes.at(-1)).toMatchObject({ done: result.bytesSent, total: result.bytesSent });
  });

  test('mounts from images that an earlier run has brought', async () => {
    const [one, two] = samples as [Sample, Sample];
    await setting.run(setting.job(target.host, [[one, 'm/one:1']]));
    target.clear();
    const result = await setting.run(
      setting.job(target.host, [
        [two, 'm/two:1'],
        [one, 'm/one:1', 'm/library/one:1'],
      ]),
    );
    expect(states(result)).toEqual([['copied'], ['there', 'placed']]);
    const sent = uploads(target.requests);
    expect(Object.keys(sent)).toHaveLength(2);
  });

  test('many repositories that share all layers in turn end without a deadlock', async () => {
    const many = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        setting.push(`many-${n}`, { layers: [base, `l${n % 7}`, `l${n % 5}`, `l${n % 3}`] }),
      ),
    );
    const result = await setting.run(
      setting.job(
        target.host,
        many.map((sample, n) => [sample, `m/many-${n}:1`, `n/many-${n}:1`] as const),
      ),
    );
    expect(new Set(states(result).flat())).toEqual(new Set(['copied', 'placed']));
    expect(new Set(Object.values(uploads(target.requests)))).toEqual(new Set([1]));
  });
});

describe('indexes', () => {
  const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];

  test('children come before the index, the tag last', async () => {
    const sample = await setting.push('multi', { layers: [base], platforms, attestation: true });
    const result = await setting.run(
      setting.job(target.host, [[sample, 'm/multi:1', 'm/library/multi:1']]),
    );
    expect(states(result).flat()).not.toContain('failed');
    await resolves('m/multi:1', sample);
    await resolves('m/library/multi:1', sample);
    const children = sample.image.manifests.map(({ descriptor }) => descriptor.digest).slice(0, -1);
    for (const repository of ['m/multi', 'm/library/multi']) {
      const puts = manifestPuts(target.requests, repository);
      expect(puts.at(-1)).toBe('1');
      expect(puts.slice(0, -1).sort()).toEqual([...children].sort());
    }
    expect(new Set(Object.values(uploads(target.requests)))).toEqual(new Set([1]));
  });

  test('an index of indexes', async () => {
    const inner = await setting.push('nested', { layers: [base], platforms });
    const sample = nest(inner);
    const job = setting.job(target.host, [[sample, 'm/nested:1']]);
    const bytesOf = new Map(sample.image.manifests.map((one) => [one.descriptor.digest, one]));
    const result = await setting.run({
      ...job,
      manifest: async (digest) => {
        const found = bytesOf.get(digest);
        if (!found) throw new Error('asked for a manifest that is none of the image');
        return { mediaType: found.descriptor.mediaType, bytes: found.bytes };
      },
    });
    expect(states(result)).toEqual([['copied']]);
    await resolves('m/nested:1', sample);
    expect(manifestPuts(target.requests, 'm/nested').slice(-2)).toEqual([
      inner.image.root.digest,
      '1',
    ]);
  });
});

function nest(inner: Sample): Sample {
  const { root } = inner.image;
  const outer = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [root] }),
  );
  const descriptor = { mediaType: ociIndex, digest: digestOf(outer), size: outer.length };
  const manifests = [...inner.image.manifests, { descriptor, bytes: outer }];
  return { name: inner.name, image: { ...inner.image, root: descriptor, manifests } };
}
