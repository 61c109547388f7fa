import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bcrypt } from '../helpers/bcrypt.ts';
import { buildImage, pushImage } from '../helpers/images.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

describe('sample images', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: { username: 'ann', password: 'secret' } });
  });
  afterAll(() => registry.stop());

  const credential = { username: 'ann', password: 'secret' };

  test.each([
    { title: 'one manifest', options: {} },
    { title: 'an index', options: { platforms: ['linux/amd64', 'linux/arm64'] } },
    { title: 'Docker types', options: { platforms: ['linux/amd64'], docker: true } },
    { title: 'attestations', options: { platforms: ['linux/amd64'], attestation: true } },
    { title: 'opaque layers', options: { layers: [Buffer.alloc(100_000)], opaque: true } },
  ])('$title: a real registry takes it and answers with its digest', async ({ options }) => {
    const root = await pushImage(registry.host, 'a/b', 'v1', { ...options, credential });
    const answer = await fetch(`http://${registry.host}/v2/a/b/manifests/v1`, {
      headers: {
        accept: root.mediaType,
        authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}`,
      },
    });
    expect(answer.headers.get('docker-content-digest')).toBe(root.digest);
    expect(answer.headers.get('content-type')).toBe(root.mediaType);
  });

  test('are the same bytes each time', () => {
    const options = { platforms: ['linux/amd64', 'linux/arm64/v8'], layers: ['x'] };
    expect(buildImage(options).root).toEqual(buildImage(options).root);
  });

  test('a wrong password is refused', async () => {
    const wrong = { username: 'ann', password: 'other' };
    await expect(pushImage(registry.host, 'a/b', 'v1', { credential: wrong })).rejects.toThrow(
      'registry said 401',
    );
  });

  test('the front proxy records, answers itself and cuts', async () => {
    const proxy = await startFrontProxy(registry.host, [
      ({ path }) => (path === '/v2/own' ? { status: 418, body: 'mine' } : undefined),
      ({ path }) => (path === '/v2/cut' ? { cutAfter: 3 } : undefined),
      ({ path }) => (path === '/v2/reset' ? 'reset' : undefined),
    ]);
    await pushImage(proxy.host, 'through/proxy', 'v1', { credential });
    expect(proxy.requests.map(({ method }) => method)).toContain('PUT');
    expect((await fetch(`http://${proxy.host}/v2/own`)).status).toBe(418);
    const cut = await fetch(`http://${proxy.host}/v2/cut`);
    await expect(cut.text()).rejects.toThrow();
    await expect(fetch(`http://${proxy.host}/v2/reset`)).rejects.toThrow();
    expect(proxy.requests.at(-1)).toMatchObject({ path: '/v2/reset', status: 0 });
    await proxy.stop();
  });

  test('the access log is read', () => {
    expect(registry.requests()).toContainEqual({
      method: 'PUT',
      path: '/v2/a/b/manifests/v1',
      status: 201,
    });
  });
});

test('bcrypt agrees with libxcrypt', () => {
  const salt = Buffer.from('144b3d691a7b4ecf39cf735c7fa7a79c', 'hex');
  expect(bcrypt('a', salt)).toBe('$2a$04$DCq7YPn5Rq63x1Lad4cll.y2hgZwd5fWjog2MGEP/EstCDKeeQoDa');
});
