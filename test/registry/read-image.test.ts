import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { isLeaf } from '../../src/oci/graph.ts';
import { ociIndex } from '../../src/oci/media-types.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import { type ContentCache, folderCache } from '../../src/registry/content-cache.ts';
import { readImage } from '../../src/registry/read-image.ts';
import { pushImage, pushManifest } from '../helpers/images.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { context } from './context.ts';

let registry: TestRegistry;
let front: FrontProxy;
let registries: Registries;
let folder: string;
beforeAll(async () => {
  registry = await startRegistry();
  front = await startFrontProxy(registry.host);
  registries = openRegistries({
    access: { [front.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context(),
  });
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterAll(async () => {
  await registries.close();
  await front.stop();
  await registry.stop();
  await rm(folder, { recursive: true });
});

const noCache: ContentCache = { get: (_, fetch) => fetch() };
const read = (reference: string, cache: ContentCache, wanted = (_: unknown) => true) =>
  readImage({ client: registries.client(front.host), repository: 'a/b' }, reference, cache, wanted);

describe('an image', () => {
  test('of which some children are wanted: a nested index is read whole', async () => {
    const inner = await pushImage(registry.host, 'a/b', 'inner', {
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    const other = await pushImage(registry.host, 'a/b', 'other', { layers: ['other'] });
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [inner, other] }),
    );
    await pushManifest(registry.host, 'a/b', 'nested', ociIndex, bytes);
    const isInner = (child: unknown) => (child as typeof inner).digest === inner.digest;
    const graph = await read('nested', noCache, isInner);
    if (!graph) throw new Error('not there');
    expect(graph.documents.has(other.digest)).toBe(false);
    const leaves = [...graph.documents.values()].filter(isLeaf);
    expect(leaves.map(({ platform }) => platform?.architecture).sort()).toEqual(['amd64', 'arm64']);
    expect(graph.root).toEqual({
      mediaType: ociIndex,
      digest: digestOf(bytes),
      size: bytes.length,
    });
  });

  test('is of the size that its bytes have, whatever a HEAD says', async () => {
    const root = await pushImage(registry.host, 'a/b', 'sized');
    front.rules.push(({ method }) => {
      if (method !== 'HEAD') return undefined;
      const headers = {
        'content-type': root.mediaType,
        'docker-content-digest': root.digest,
        'content-length': 7,
      };
      return { status: 200, headers };
    });
    expect((await read('sized', noCache))?.root).toEqual(root);
    front.rules.length = 0;
  });
});

describe('the cache', () => {
  test('saves every GET of an image that has not changed', async () => {
    await pushImage(registry.host, 'a/b', 'kept');
    const before = await read('kept', folderCache(join(folder, 'new', 'cache')));
    front.clear();
    const cache = folderCache(join(folder, 'new', 'cache'));
    expect(await read('kept', cache)).toEqual(before);
    expect(front.requests.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test('is not believed', async () => {
    await pushImage(registry.host, 'a/b', 'kept');
    const cache = join(folder, 'changed');
    const before = await read('kept', folderCache(cache));
    for (const name of await readdir(cache)) await writeFile(join(cache, name), '{}');
    expect(await read('kept', folderCache(cache))).toEqual(before);
  });

  test.each([
    ['is a file', async (path: string) => writeFile(path, '')],
    ['cannot be made', async (path: string) => chmod(join(path, '..'), 0o500)],
  ])('that %s costs requests only', async (_, spoil) => {
    const root = await pushImage(registry.host, 'a/b', 'uncached');
    const place = await mkdtemp(join(folder, 'spoilt-'));
    await spoil(join(place, 'cache'));
    expect((await read('uncached', folderCache(join(place, 'cache'))))?.root).toEqual(root);
    await chmod(place, 0o700);
  });
});
