import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findReferrers, lister } from '../../src/commands/find-referrers.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { ociIndex } from '../../src/oci/media-types.ts';
import { referrersTag } from '../../src/oci/referrers.ts';
import type { ResolvedImage } from '../../src/plan/plan.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import type { ContentCache } from '../../src/registry/content-cache.ts';
import { AirgapError } from '../../src/report/error.ts';
import { pushImage, pushManifest } from '../helpers/images.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { digestOfImage, image, planOf, spec } from '../plan/setting.ts';
import { context } from '../registry/context.ts';

let registry: TestRegistry;
let front: FrontProxy;
let registries: Registries;
beforeAll(async () => {
  registry = await startRegistry();
  front = await startFrontProxy(registry.host);
  registries = openRegistries({
    access: {
      'docker.io': { mirror: `${front.host}/hub` },
      [front.host]: { plainHttp: true },
    },
    credential: async () => undefined,
    context: context(),
  });
});
afterEach(() => front.clear());
afterAll(async () => {
  await registries.close();
  await front.stop();
  await registry.stop();
});

const map = 'default::\ndocker.io::harbor.example.org/airgap-images/hub';
const noCache: ContentCache = { get: (_, fetch) => fetch(), wasEmpty: async () => false };

/** What is found for images of `docker.io/library/app`, of which the source need not have the images themselves. */
function find(
  images: readonly ResolvedImage[],
  pullThrough: readonly string[] = [],
  platforms: readonly string[] = [],
  list = lister({ cache: noCache }),
) {
  const planned = planOf(spec(map, { platforms }), images).images;
  return findReferrers(planned, pullThrough, { registries, cache: noCache, list }, context());
}

/** Lists these under the tag of a subject, as a client of a registry without the API does. */
async function attach(subject: Digest, referrers: readonly Descriptor[]): Promise<void> {
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests: referrers };
  const bytes = Buffer.from(JSON.stringify(index));
  await pushManifest(registry.host, 'hub/library/app', referrersTag(subject), ociIndex, bytes);
}

const push = (name: string) =>
  pushImage(registry.host, 'hub/library/app', name, { layers: [name], opaque: true });

test('what is attached to what is attached is followed three deep', async () => {
  const app = image('app:deep');
  const chain = [];
  for (const name of ['one', 'two', 'three', 'four']) chain.push(await push(name));
  let subject = digestOfImage(app);
  for (const one of chain) {
    await attach(subject, [one]);
    subject = one.digest;
  }
  const [found] = await find([app]);
  const digests = found?.attached.map(({ graph }) => graph.root.digest).toSorted();
  expect(digests).toEqual(
    chain
      .slice(0, 3)
      .map(({ digest }) => digest)
      .toSorted(),
  );
  expect(found?.lost).toEqual([`1 of 1 that are attached to ${chain[2]?.digest}, 4 deep`]);
});

test('a list that leads back is followed once', async () => {
  const root = await push('circle');
  const app = image('app:circle', { layers: ['circle'], opaque: true });
  expect(digestOfImage(app)).toBe(root.digest);
  const other = await push('other');
  await attach(root.digest, [other]);
  await attach(other.digest, [root]);
  const [found] = await find([app]);
  expect(found?.attached).toHaveLength(2);
  expect(found?.lost).toEqual([]);
});

test('of one manifest 64 are taken, and the number of the others is told', async () => {
  const app = image('app:many');
  const many = await Promise.all(Array.from({ length: 70 }, (_, at) => push(`many-${at}`)));
  await attach(digestOfImage(app), many);
  const [found] = await find([app]);
  expect(found?.attached).toHaveLength(64);
  expect(found?.lost).toEqual([`6 of 70 that are attached to ${digestOfImage(app)}, 1 deep`]);
});

test.each<[string, string[], 'found' | 'nothing']>([
  ['the one that a filter leaves, which is the image then', ['linux/arm64'], 'found'],
  ['one of two that it leaves', ['linux/arm64', 'linux/amd64'], 'nothing'],
])('a signature of a manifest alone, of an index without any: %s', async (name, keep, what) => {
  const app = image(`app:${keep.length}`, {
    platforms: ['linux/amd64', 'linux/arm64', 'linux/s390x'],
    layers: [name],
  });
  const index = app.graph?.documents.get(digestOfImage(app))?.manifest;
  const children = index?.kind === 'index' ? index.manifests : [];
  const signature = await push(`signature-${keep.length}`);
  await attach(children[1]?.digest as Digest, [signature]);
  const [found] = await find([app], [], keep);
  const digests = found?.attached.map(({ graph }) => graph.root.digest);
  expect(digests).toEqual(what === 'found' ? [signature.digest] : []);
  expect(found?.lost).toEqual([]);
});

test('of a registry that fails the image is told', async () => {
  const failed = find([image('app:1')], [], [], async () => {
    throw new AirgapError('transient', 'no answer');
  });
  await expect(failed).rejects.toMatchObject({
    message: 'what is attached to 1 of 1 images could not be asked for',
    errors: [{ class: 'transient', message: 'what is attached to app:1: no answer' }],
  });
});

describe('nobody is asked', () => {
  const platforms = ['linux/amd64', 'linux/arm64'];
  const subjects = () =>
    new Set(
      front.requests.flatMap(
        ({ path }) => /(?:manifests\/sha256-|referrers\/sha256:)([0-9a-f]+)/.exec(path)?.[1] ?? [],
      ),
    );

  test('for the manifests of an index on which nothing hangs', async () => {
    await find([image('app:bare', { platforms })]);
    expect(subjects().size).toBe(1);
    expect(front.requests.length).toBeLessThanOrEqual(5);
  });

  test('but for each of them where something does', async () => {
    const app = image('app:index', { platforms, attestation: true });
    await attach(digestOfImage(app), [await push('of-index')]);
    await find([app]);
    // The index, two manifests, and what is attached; not the attestations in it.
    expect(subjects().size).toBe(4);
  });

  test('twice for images of one digest', async () => {
    const app = image('app:1', { seed: 'same' });
    await find([app]);
    front.clear();
    await find([app, image('app:2', { seed: 'same' }), image('app:3', { seed: 'other' })]);
    expect(subjects().size).toBe(2);
    expect(front.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(8);
  });

  test('for an API by more than the first, where there is none', async () => {
    await find(Array.from({ length: 60 }, (_, at) => image(`app:${at}`)));
    const asked = front.requests.filter(({ path }) => path.includes('/referrers/'));
    // So many at a time.
    expect(asked.length).toBeLessThanOrEqual(32);
  });

  test.each<[string, ResolvedImage, string[]]>([
    ['is mapped by nothing', image('quay.io/a/b:1'), []],
    ['comes by a proxy cache alone', image('app:1'), ['harbor.example.org/airgap-images/hub']],
  ])('for an image that %s', async (_, one, pullThrough) => {
    expect(await find([one], pullThrough)).toEqual([]);
    expect(front.requests).toEqual([]);
  });
});
