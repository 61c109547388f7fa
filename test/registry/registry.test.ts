import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { dockerIndex, ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import { buildImage, pushBlob, pushImage } from '../helpers/images.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { context, text } from './context.ts';

describe('against a real registry', () => {
  let registry: TestRegistry;
  let registries: Registries;
  beforeAll(async () => {
    registry = await startRegistry();
    registries = anonymous(registry.host, context());
  });
  afterAll(async () => {
    await registries.close();
    await registry.stop();
  });

  test.each([
    { title: 'an OCI manifest', options: {}, mediaType: ociManifest },
    { title: 'an OCI index', options: { platforms: ['linux/amd64'] }, mediaType: ociIndex },
    {
      title: 'a Docker manifest list',
      options: { platforms: ['linux/amd64', 'linux/arm64'], docker: true },
      mediaType: dockerIndex,
    },
  ])('$title: HEAD and GET tell the same descriptor', async ({ options, mediaType }) => {
    const root = await pushImage(registry.host, 'a/b', 'v1', options);
    const client = registries.client(registry.host);
    expect(root.mediaType).toBe(mediaType);
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    const content = await client.getManifest('a/b', root.digest);
    expect(content?.descriptor).toEqual(root);
    expect(digestOf(content?.bytes ?? Buffer.alloc(0))).toBe(root.digest);
  });

  test('what is not there is undefined, not an error', async () => {
    const client = registries.client(registry.host);
    const absent = digestOf(Buffer.from('absent'));
    expect(await client.headManifest('a/b', 'none')).toBeUndefined();
    expect(await client.getManifest('no/such', 'none')).toBeUndefined();
    expect(await client.headBlob('a/b', absent)).toBeUndefined();
    await expect(client.getBlob('a/b', absent)).rejects.toMatchObject({ class: 'usage' });
  });

  test('blobs come whole and in ranges', async () => {
    const client = registries.client(registry.host);
    const digest = await pushBlob(registry.host, 'a/b', Buffer.from('0123456789'));
    expect(await client.headBlob('a/b', digest)).toBe(10);
    const whole = await client.getBlob('a/b', digest);
    expect([whole.status, await text(whole.body)]).toEqual([200, '0123456789']);
    const part = await client.getBlob('a/b', digest, { start: 2, end: 4 });
    expect([part.status, await text(part.body)]).toEqual([206, '234']);
    const beyond = client.getBlob('a/b', digest, { start: 20, end: 24 });
    await expect(beyond).rejects.toMatchObject({ class: 'integrity' });
  });

  test('a mount brings a blob from another repository, and nothing from one that lacks it', async () => {
    const client = registries.client(registry.host);
    const digest = await pushBlob(registry.host, 'mount/from', Buffer.from('shared'));
    expect(await client.mountBlob('mount/to', digest, 'mount/from')).toBe(true);
    expect(await client.headBlob('mount/to', digest)).toBe(6);
    const absent = digestOf(Buffer.from('absent'));
    expect(await client.mountBlob('mount/to', absent, 'mount/from')).toBe(false);
  });

  test('blobs and manifests are put; a manifest without its blobs is refused for good', async () => {
    const client = registries.client(registry.host);
    const { root, manifests, blobs } = buildImage({ layers: ['put by us'] });
    const bytes = manifests[0]?.bytes ?? Buffer.alloc(0);
    const early = client.putManifest('put/here', 'v1', root.mediaType, bytes);
    await expect(early).rejects.toMatchObject({
      class: 'refused',
      given: expect.stringContaining('MANIFEST_BLOB_UNKNOWN'),
    });
    for (const [digest, blob] of blobs) await client.putBlob('put/here', digest, blob);
    await client.putManifest('put/here', 'v1', root.mediaType, bytes);
    expect(await client.headManifest('put/here', 'v1')).toEqual(root);
  });

  test('a blob whose bytes are not of its digest is refused', async () => {
    const client = registries.client(registry.host);
    const wrong = client.putBlob('put/here', digestOf(Buffer.from('a')), Buffer.from('b'));
    await expect(wrong).rejects.toMatchObject({ class: 'integrity' });
  });

  test('a push can be tried without leaving anything', async () => {
    const client = registries.client(registry.host);
    await client.checkPush('tried/only');
    const requests = registry.requests().filter(({ path }) => path.includes('tried/only'));
    expect(requests.map(({ method, status }) => [method, status])).toEqual([
      ['POST', 202],
      ['DELETE', 204],
    ]);
  });

  test('a read-only registry refuses a push for good, and stays readable', async () => {
    const readOnly = await startRegistry({ readOnly: true });
    const all = anonymous(readOnly.host, context());
    const client = all.client(readOnly.host);
    await expect(client.checkPush('a/b')).rejects.toMatchObject({ class: 'refused' });
    expect(await client.headManifest('a/b', 'v1')).toBeUndefined();
    await all.close();
    await readOnly.stop();
  });

  test.each(['A/b', '../b', 'a//b', 'a/b?x=', 'a/b#', ''])(
    'no request is made for the repository %j',
    async (repository) => {
      const client = registries.client(registry.host);
      const before = registry.requests().length;
      await expect(client.headManifest(repository, 'v1')).rejects.toMatchObject({ class: 'usage' });
      expect(registry.requests()).toHaveLength(before);
    },
  );

  test.each(['http://h', 'h/path', 'user@h', 'h:1:2', ''])('%j is not a host', (host) => {
    expect(() => registries.client(host)).toThrow('not the host of a registry');
  });

  test('a mirror is asked for the canonical repository', async () => {
    await pushImage(registry.host, 'cache/docker.io/library/nginx', '1');
    const mirrored = openRegistries({
      access: {
        'docker.io': { mirror: `${registry.host}/cache/docker.io` },
        'quay.io': { mirror: registry.host },
        [registry.host]: { plainHttp: true },
      },
      credential: async () => undefined,
      context: context(),
    });
    const hub = mirrored.source({ registry: 'docker.io', repository: 'library/nginx' });
    expect(hub.repository).toBe('cache/docker.io/library/nginx');
    expect(await hub.client.headManifest(hub.repository, '1')).toBeDefined();
    const quay = mirrored.source({ registry: 'quay.io', repository: 'a/b' });
    expect([quay.client.host, quay.repository]).toEqual([registry.host, 'a/b']);
    const own = mirrored.source({ registry: 'ghcr.io', repository: 'a/b' });
    expect([own.client.host, own.repository]).toEqual(['ghcr.io', 'a/b']);
    await mirrored.close();
  });

  test('no more requests at a time than allowed, open bodies included', async () => {
    const digest = await pushBlob(registry.host, 'a/b', Buffer.from('0123456789'));
    const narrow = openRegistries({
      access: { [registry.host]: { plainHttp: true, maxConcurrent: 1 } },
      credential: async () => undefined,
      context: context(),
    });
    const client = narrow.client(registry.host);
    const { body } = await client.getBlob('a/b', digest);
    let answered = false;
    const second = client.headBlob('a/b', digest).then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    await text(body);
    await second;
    await narrow.close();
  });

  test('a hundred requests in line: no warning of Node', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    const client = registries.client(registry.host);
    await Promise.all(Array.from({ length: 100 }, () => client.headManifest('a/b', 'none')));
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  test('an abort ends a request with its reason', async () => {
    const controller = new AbortController();
    const aborted = anonymous(registry.host, context({ signal: controller.signal }));
    const digest = await pushBlob(registry.host, 'a/b', Buffer.alloc(8 * 1024 * 1024));
    const { body } = await aborted.client(registry.host).getBlob('a/b', digest);
    controller.abort(new Error('stopped by the user'));
    await expect(text(body)).rejects.toThrow('stopped by the user');
    const next = aborted.client(registry.host).headManifest('a/b', 'v1');
    await expect(next).rejects.toThrow('stopped by the user');
    await aborted.close();
  });
});

function anonymous(host: string, at: Context): Registries {
  return openRegistries({
    access: { [host]: { plainHttp: true } },
    credential: async () => undefined,
    context: at,
  });
}
