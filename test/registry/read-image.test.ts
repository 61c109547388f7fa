import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
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

const noCache: ContentCache = { get: (_, fetch) => fetch(), wasEmpty: async () => false };
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

  test('of which a child is gone', async () => {
    const inner = await pushImage(registry.host, 'a/b', 'gone', { layers: ['gone'] });
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [inner] }),
    );
    await pushManifest(registry.host, 'a/b', 'lacking', ociIndex, bytes);
    front.rules.push(({ path }) => (path.endsWith(inner.digest) ? { status: 404 } : undefined));
    await expect(read('lacking', noCache)).rejects.toMatchObject({
      class: 'usage',
      message: 'a manifest that its own registry names is not there',
      given: `${front.host}/a/b@${inner.digest}`,
    });
    front.rules.length = 0;
  });
});

describe('the cache', () => {
  /** Reads as a run does that keeps what it got. */
  async function readKept(reference: string, place: string) {
    const cache = folderCache(place);
    const graph = await read(reference, cache);
    await cache.keep();
    return graph;
  }

  test('saves every GET of an image that has not changed', async () => {
    await pushImage(registry.host, 'a/b', 'kept');
    const place = join(folder, 'new', 'cache');
    const before = await readKept('kept', place);
    front.clear();
    expect(await readKept('kept', place)).toEqual(before);
    expect(front.requests.map(({ method }) => method)).toEqual(['HEAD']);
    expect(await readdir(place)).toHaveLength(1);
  });

  test('that is empty: the manifest of a tag is asked for at once', async () => {
    const { digest } = await pushImage(registry.host, 'a/b', 'first');
    front.clear();
    expect((await readKept('first', join(folder, 'first')))?.root.digest).toBe(digest);
    const asked = front.requests.map(({ method, path }) => `${method} ${path.split('/')[4]}`);
    expect(asked).toEqual(['GET manifests', 'GET blobs']);
  });

  test('asks once for what is wanted twice at a time', async () => {
    const { digest } = await pushImage(registry.host, 'a/b', 'twice');
    front.clear();
    const cache = folderCache(join(folder, 'twice'));
    const [one, two] = await Promise.all([read(digest, cache), read(digest, cache)]);
    expect(one?.documents).toEqual(two?.documents);
    const gets = front.requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
    expect(gets).toHaveLength(2);
    expect(new Set(gets).size).toBe(2);
  });

  test('fetches once for any number who want it at a time', async () => {
    const cache = folderCache(join(folder, 'crowd'));
    const bytes = Buffer.from('[]');
    let fetches = 0;
    const fetch = async () => {
      fetches++;
      return bytes;
    };
    await Promise.all(Array.from({ length: 5 }, () => cache.get(digestOf(bytes), fetch)));
    expect(fetches).toBe(1);
  });

  test('asks for itself where another source fails', async () => {
    const cache = folderCache(join(folder, 'sources'));
    const bytes = Buffer.from('{}');
    const failing = cache.get(digestOf(bytes), async () => Promise.reject(new Error('down')));
    const other = cache.get(digestOf(bytes), async () => bytes);
    await expect(failing).rejects.toThrow('down');
    expect(await other).toEqual(bytes);
  });

  test('stays a handful of files, with all that was kept', async () => {
    const place = join(folder, 'many');
    const contents = Array.from({ length: 20 }, (_, at) => Buffer.from(`content ${at}`));
    for (const bytes of contents) {
      const cache = folderCache(place);
      await cache.get(digestOf(bytes), async () => bytes);
      await cache.keep();
      expect((await readdir(place)).length).toBeLessThanOrEqual(8);
    }
    const cache = folderCache(place);
    for (const bytes of contents)
      expect(await cache.get(digestOf(bytes), async () => Buffer.of())).toEqual(bytes);
  });

  test.each([
    ['no pack', async (_: Buffer) => Buffer.from('{}')],
    ['cut off', async (pack: Buffer) => pack.subarray(0, pack.length / 2)],
    ['of other content', async (pack: Buffer) => changed(pack)],
  ])('is not believed: a file that is %s', async (_, spoil) => {
    await pushImage(registry.host, 'a/b', 'kept');
    const place = await mkdtemp(join(folder, 'changed-'));
    const before = await readKept('kept', place);
    for (const name of await readdir(place))
      await writeFile(join(place, name), await spoil(await readFile(join(place, name))));
    front.clear();
    expect(await readKept('kept', place)).toEqual(before);
    expect(front.requests.filter(({ method }) => method === 'GET')).not.toHaveLength(0);
  });

  /** The same digests with other bytes behind them. */
  function changed(pack: Buffer): Buffer {
    return gzipSync(
      gunzipSync(pack).toString('latin1').replaceAll('"schemaVersion":2', '"schemaVersion":3'),
    );
  }

  test.each([
    ['is a file', async (path: string) => writeFile(path, '')],
    ['cannot be made', async (path: string) => chmod(join(path, '..'), 0o500)],
  ])('that %s costs requests only', async (_, spoil) => {
    const root = await pushImage(registry.host, 'a/b', 'uncached');
    const place = await mkdtemp(join(folder, 'spoilt-'));
    await spoil(join(place, 'cache'));
    expect((await readKept('uncached', join(place, 'cache')))?.root).toEqual(root);
    await chmod(place, 0o700);
  });
});
