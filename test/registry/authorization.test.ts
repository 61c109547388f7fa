import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../../src/registry/access.ts';
import { checkRealm, parseChallenges } from '../../src/registry/challenge.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import { buildImage, pushBlob, pushImage } from '../helpers/images.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { context, text } from './context.ts';
import { startTokenService, type TokenService } from './token-service.ts';

const ann = { username: 'ann', password: 'secret' };

function open(host: string, credential: Credential | undefined): Registries {
  return openRegistries({
    access: { [host]: { plainHttp: true } },
    credential: async (asked) => (asked === host ? credential : undefined),
    context: context(),
  });
}

describe('a registry with passwords', () => {
  let registry: TestRegistry;
  let front: FrontProxy;
  let registries: Registries;
  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: ann });
  });
  beforeEach(async () => {
    front = await startFrontProxy(registry.host);
    registries = open(front.host, ann);
  });
  afterEach(async () => {
    await registries.close();
    await front.stop();
  });
  afterAll(() => registry.stop());

  test('gets them from the second request on', async () => {
    const client = registries.client(front.host);
    const root = await pushImage(registry.host, 'a/b', 'v1', { credential: ann });
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    await client.checkPush('a/b');
    expect(front.requests.map(({ status }) => status)).toEqual([401, 200, 200, 202, 204]);
  });

  test.each<{ title: string; credential: Credential | undefined; message: string }>([
    { title: 'none', credential: undefined, message: 'there are no credentials for it' },
    {
      title: 'a wrong one',
      credential: { username: 'ann', password: 'canary-1' },
      message: 'does not accept the credentials',
    },
    {
      title: 'an identity token',
      credential: { identityToken: 'canary-1' },
      message: 'takes no identity token',
    },
  ])('$title: authentication, without saying the secret', async ({ credential, message }) => {
    const all = open(front.host, credential);
    const error = await all
      .client(front.host)
      .headManifest('a/b', 'v1')
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ class: 'authentication' });
    expect(error.message).toContain(message);
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('canary');
    expect(front.requests.length).toBeLessThanOrEqual(2);
    await all.close();
  });

  test('redirects and upload Locations to another origin carry no Authorization', async () => {
    const elsewhere = await startFrontProxy(registry.host, [
      ({ method }) => (method === 'GET' ? { status: 200, body: 'from there' } : { status: 201 }),
    ]);
    const digest = await pushBlob(registry.host, 'a/b', Buffer.from('x'), { credential: ann });
    front.rules.push(({ method, path, headers }) => {
      if (headers.authorization === undefined) return undefined;
      const location = `http://ignored:user@${elsewhere.host}${path}`;
      if (method === 'GET') return { status: 307, headers: { location } };
      return method === 'POST' ? { status: 202, headers: { location } } : undefined;
    });
    const client = registries.client(front.host);
    const { body } = await client.getBlob('a/b', digest);
    expect(await text(body)).toBe('from there');
    await client.putBlob('a/b', digest, Buffer.from('x'));
    expect(front.requests.some(({ headers }) => headers.authorization)).toBe(true);
    expect(elsewhere.requests.map(({ method }) => method)).toEqual(['GET', 'PUT']);
    expect(elsewhere.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
    ]);
    await elsewhere.stop();
  });
});

describe('credentials over plain HTTP', () => {
  let proxy: FrontProxy;
  beforeEach(async () => {
    proxy = await startFrontProxy('127.0.0.1:1');
  });
  afterEach(() => proxy.stop());

  /** A registry beyond this machine, whose part the proxy plays. */
  async function ask(challenge: string | undefined, allowPlainHttpCredentials: boolean) {
    const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
    proxy.rules.push(({ path }) =>
      path.includes('/token')
        ? { status: 200, body: '{"token":"t"}' }
        : { status: challenge === undefined ? 404 : 401, headers },
    );
    const registries = openRegistries({
      access: { 'r.example': { plainHttp: true } },
      credential: async () => ann,
      context: context({ env: { HTTP_PROXY: proxy.host } }),
      allowPlainHttpCredentials,
      retryBudgetMs: 100,
    });
    const answer = registries.client('r.example').headManifest('a/b', 'v1');
    const outcome = await answer.catch((error) => error);
    await registries.close();
    return outcome;
  }
  const sent = () => proxy.requests.flatMap(({ headers }) => headers.authorization ?? []);

  test.each([
    ['a password', 'Basic realm="x"', 'http://r.example'],
    ['a password for a token', 'Bearer realm="http://t.example/token"', 'http://t.example'],
    ['a token', 'Bearer realm="https://t.example/token"', 'http://r.example'],
  ])('%s is not sent', async (_, challenge, given) => {
    expect(await ask(challenge, false)).toMatchObject({
      class: 'usage',
      message: 'a credential for r.example would travel over plain HTTP',
      given,
      next: expect.stringContaining('--allow-plain-http-credentials'),
    });
    expect(sent()).toEqual([]);
  });

  test.each([
    ['a password', 'Basic realm="x"'],
    ['a password for a token', 'Bearer realm="http://t.example/token"'],
  ])('%s is sent where that is allowed', async (_, challenge) => {
    expect(await ask(challenge, true)).toMatchObject({ class: 'authentication' });
    expect(sent()[0]).toBe(`Basic ${Buffer.from('ann:secret').toString('base64')}`);
  });

  test('a registry that wants none is asked all the same', async () => {
    expect(await ask(undefined, false)).toBeUndefined();
  });
});

describe('a registry with a token service', () => {
  let service: TokenService;
  let registry: TestRegistry;
  let front: FrontProxy;
  beforeAll(async () => {
    service = await startTokenService(ann);
    registry = await startRegistry({ env: service.registryEnv });
  });
  beforeEach(async () => {
    service.clear();
    front = await startFrontProxy(registry.host);
  });
  afterEach(() => front.stop());
  afterAll(async () => {
    await registry.stop();
    await service.stop();
  });

  async function filled(repository: string, registries: Registries) {
    const client = registries.client(front.host);
    const { root, manifests, blobs } = buildImage({ layers: [repository] });
    for (const [digest, bytes] of blobs) await client.putBlob(repository, digest, bytes);
    const bytes = manifests[0]?.bytes ?? Buffer.alloc(0);
    await client.putManifest(repository, 'v1', root.mediaType, bytes);
    return { client, root, blobs: [...blobs.keys()] };
  }

  test('push, read and mount, with one token a scope', async () => {
    const registries = open(front.host, ann);
    const { client, root, blobs } = await filled('team/one', registries);
    expect(await client.headManifest('team/one', 'v1')).toEqual(root);
    expect(await client.getManifest('team/one', root.digest)).toMatchObject({ descriptor: root });
    const [blob] = blobs;
    if (blob === undefined) throw new Error('no blob');
    expect(await client.mountBlob('team/two', blob, 'team/one')).toBe(true);
    expect(service.scopes).toEqual([
      ['repository:team/one:pull,push'],
      ['repository:team/one:pull'],
      ['repository:team/two:pull,push', 'repository:team/one:pull'],
    ]);
    expect(front.requests.filter(({ status }) => status === 401)).toHaveLength(1);
    await registries.close();
  });

  test('many requests at once share one token', async () => {
    const registries = open(front.host, ann);
    const client = registries.client(front.host);
    await Promise.all(Array.from({ length: 8 }, () => client.headManifest('team/one', 'v1')));
    expect(service.scopes).toHaveLength(1);
    await registries.close();
  });

  test('an identity token is exchanged by POST', async () => {
    const registries = open(front.host, { identityToken: service.identityToken });
    await filled('team/by-identity', registries);
    expect(service.requests).toEqual(['POST']);
    await registries.close();
  });

  test('a token that is refused is replaced once, then it is an authentication error', async () => {
    const registries = open(front.host, ann);
    const { client } = await filled('team/expiring', registries);
    let refusals = 1;
    front.rules.push(({ method }) => {
      if (method !== 'HEAD' || refusals-- <= 0) return undefined;
      return { status: 401, headers: { 'www-authenticate': service.challenge } };
    });
    service.clear();
    expect(await client.headManifest('team/expiring', 'v1')).toBeDefined();
    expect(service.scopes).toHaveLength(2);
    refusals = 100;
    const refused = client.headManifest('team/expiring', 'v1');
    await expect(refused).rejects.toMatchObject({ class: 'authentication' });
    expect(service.scopes).toHaveLength(3);
    expect(refusals).toBe(98);
    await registries.close();
  });

  test('a wrong password is an authentication error after one question', async () => {
    const registries = open(front.host, { username: 'ann', password: 'wrong' });
    const refused = registries.client(front.host).headManifest('team/one', 'v1');
    await expect(refused).rejects.toMatchObject({
      class: 'authentication',
      given: expect.stringContaining('401'),
    });
    expect(service.requests).toEqual(['GET']);
    await registries.close();
  });

  test('a mount that the token does not allow is no error', async () => {
    const registries = open(front.host, { username: 'ann', password: 'wrong' });
    const { blobs } = buildImage({});
    const [blob] = blobs.keys();
    if (blob === undefined) throw new Error('no blob');
    expect(await registries.client(front.host).mountBlob('a/b', blob, 'a/c')).toBe(false);
    await registries.close();
  });

  test('a realm that is not safe gets nothing', async () => {
    const registries = open(front.host, ann);
    front.rules.push(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="http://169.254.169.254/token"' },
    }));
    const refused = registries.client(front.host).headManifest('team/one', 'v1');
    await expect(refused).rejects.toMatchObject({
      class: 'authentication',
      message: expect.stringContaining('token service that gets no password'),
    });
    await registries.close();
  });
});

describe('realms', () => {
  const allowed = [
    ['https://r.example.org', 'https://auth.example.com/token'],
    ['https://r.example.org:5000', 'https://r.example.org/token'],
    ['http://r.example.org', 'http://auth.example.com/token'],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token'],
    ['https://localhost:5000', 'https://localhost/token'],
  ] as const;
  test.each(allowed)('%s may name %s', (registry, realm) => {
    expect(checkRealm(realm, new URL(registry)).href).toBe(realm);
  });

  const refused = [
    ['https://r.example.org', 'http://r.example.org/token'],
    ['https://r.example.org', 'https://127.0.0.1/token'],
    ['https://r.example.org', 'https://localhost/token'],
    ['https://r.example.org', 'https://[::1]/token'],
    ['https://r.example.org', 'https://[::ffff:127.0.0.1]/token'],
    ['https://r.example.org', 'https://0x7f.1/token'],
    ['http://r.example.org', 'http://169.254.169.254/token'],
    ['http://r.example.org', 'http://[fe80::1]/token'],
    ['http://r.example.org', 'http://0.0.0.0/token'],
    ['http://127.0.0.1:5000', 'http://localhost:5001/token'],
    ['https://r.example.org', 'https://me:too@auth.example.com/token'],
    ['https://r.example.org', 'file:///etc/passwd'],
    ['https://r.example.org', '/token'],
    ['https://r.example.org', ''],
  ] as const;
  test.each(refused)('%s may not name %s', (registry, realm) => {
    expect(() => checkRealm(realm, new URL(registry))).toThrow('gets no password');
  });
});

describe('challenges', () => {
  test.each([
    [
      'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' },
        },
      ],
    ],
    [
      'Basic realm="a \\"b\\"", Bearer realm=x , service = "y"',
      [
        { scheme: 'basic', parameters: { realm: 'a "b"' } },
        { scheme: 'bearer', parameters: { realm: 'x', service: 'y' } },
      ],
    ],
    ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'Negotiate, Basic realm="x"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    ['', []],
    ['"', []],
  ])('%s', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });
});
