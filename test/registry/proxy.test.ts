import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistries } from '../../src/registry/client.ts';
import { proxyFor } from '../../src/registry/proxy.ts';
import { pushImage } from '../helpers/images.ts';
import { freePort, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { context } from './context.ts';

describe('which proxy, by the rule of Go', () => {
  const proxies = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'http://secure:2' };
  test.each([
    ['https://r.example.org/', proxies, 'secure:2'],
    ['http://r.example.org/', proxies, 'plain:1'],
    ['https://r.example.org/', { https_proxy: 'http://lower:3' }, 'lower:3'],
    ['https://r.example.org/', { HTTPS_PROXY: 'bare:4' }, 'bare:4'],
    ['https://r.example.org/', { HTTP_PROXY: 'http://plain:1' }, undefined],
    ['https://r.example.org/', {}, undefined],
    ['http://localhost:5000/', proxies, undefined],
    ['https://127.0.0.1:5000/', proxies, undefined],
    ['https://[::1]:5000/', proxies, undefined],
    ['https://r.example.org/', { ...proxies, NO_PROXY: '*' }, undefined],
    ['https://r.example.org/', { ...proxies, NO_PROXY: 'a, example.org' }, undefined],
    ['https://example.org/', { ...proxies, no_proxy: 'example.org' }, undefined],
    ['https://example.org/', { ...proxies, NO_PROXY: '.example.org' }, 'secure:2'],
    ['https://r.example.org/', { ...proxies, NO_PROXY: '*.example.org' }, undefined],
    ['https://rexample.org/', { ...proxies, NO_PROXY: 'example.org' }, 'secure:2'],
    ['https://r.example.org:5000/', { ...proxies, NO_PROXY: 'r.example.org:5000' }, undefined],
    ['https://r.example.org/', { ...proxies, NO_PROXY: 'r.example.org:5000' }, 'secure:2'],
    ['https://r.example.org/', { ...proxies, NO_PROXY: 'r.example.org:443' }, undefined],
    ['https://10.1.2.3/', { ...proxies, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3/', { ...proxies, NO_PROXY: '10.0.0.0/8' }, 'secure:2'],
    ['https://10.1.2.3/', { ...proxies, NO_PROXY: '10.1.2.3' }, undefined],
    ['https://[fd00::1]/', { ...proxies, NO_PROXY: 'fd00::/8' }, undefined],
    ['https://[fd00::1]/', { ...proxies, NO_PROXY: 'fd00::1' }, undefined],
    ['https://[fd00::1]:5/', { ...proxies, NO_PROXY: '[fd00::1]:5' }, undefined],
  ])('%s with %j: %s', (url, env, proxy) => {
    expect(proxyFor(new URL(url), env)?.host).toBe(proxy);
  });

  test('a proxy that is no URL is said without showing it', () => {
    const find = () => proxyFor(new URL('https://h'), { HTTPS_PROXY: 'http://me:canary@:x' });
    expect(find).toThrow('HTTPS_PROXY is no URL');
  });
});

// The names below exist only behind the proxy: it leads all of them to loopback.
describe('through a real proxy', () => {
  let authority: Authority;
  let secure: TestRegistry;
  let plain: TestRegistry;
  let proxy: Proxy;
  beforeAll(async () => {
    authority = await makeAuthority();
    const tls = await authority.issue(['DNS:secure.example', 'IP:127.0.0.1']);
    [secure, plain, proxy] = await Promise.all([
      startRegistry({ tls }),
      startRegistry(),
      startProxy('Basic bWU6cHc='),
    ]);
  });
  afterAll(async () => {
    await Promise.all([secure.stop(), plain.stop(), proxy.stop(), authority.remove()]);
  });

  function behind(host: string, access: object, credential = 'me:pw') {
    const uri = `http://${credential}@${proxy.host}`;
    const registries = openRegistries({
      access: { [host]: access },
      credential: async () => undefined,
      context: context({ env: { HTTP_PROXY: uri, HTTPS_PROXY: uri } }),
    });
    return { client: registries.client(host), close: registries.close };
  }

  test('TLS goes in a tunnel, checked against the CA of its host', async () => {
    const ca = authority.pem;
    const root = await pushImage(secure.host, 'a/b', 'v1', { plainHttp: false, ca });
    const host = `secure.example:${port(secure)}`;
    const { client, close } = behind(host, { caCert: ca });
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    expect(proxy.seen).toContain(`CONNECT ${host}`);
    await close();
  });

  test.each([
    { name: 'other.example', access: () => ({ caCert: authority.pem }), message: 'another name' },
    { name: 'secure.example', access: () => ({}), message: 'not trusted' },
  ])('a tunnel changes nothing of what is trusted: $message', async ({ name, access, message }) => {
    const { client, close } = behind(`${name}:${port(secure)}`, access());
    await expect(client.headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'usage',
      message: expect.stringContaining(message),
    });
    await close();
  });

  test('plain HTTP goes without a tunnel', async () => {
    const root = await pushImage(plain.host, 'a/b', 'v1');
    const host = `plain.example:${port(plain)}`;
    const { client, close } = behind(host, { plainHttp: true });
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    expect(proxy.seen).toContain(`HEAD http://${host}/v2/a/b/manifests/v1`);
    await close();
  });

  test.each([
    { title: 'tunnel', of: () => secure, access: {} },
    { title: 'plain', of: () => plain, access: { plainHttp: true } },
  ])('a proxy that wants a password is said to do so ($title)', async ({ of, access }) => {
    const { client, close } = behind(`any.example:${port(of())}`, access, 'me:wrong');
    await expect(client.headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'usage',
      message: expect.stringContaining('the proxy on the way'),
    });
    await close();
  });
});

test.each([{ plainHttp: true }, { plainHttp: false }])(
  'a proxy that is not there is named, not the registry: %j',
  async (access) => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const env = { HTTP_PROXY: nobody, HTTPS_PROXY: nobody };
    const registries = openRegistries({
      access: { 'r.example': access },
      credential: async () => undefined,
      context: context({ env }),
      retryBudgetMs: 500,
    });
    await expect(registries.client('r.example').headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'transient',
      message: `the proxy ${nobody} refuses the connection`,
    });
    await registries.close();
  },
);

test('Docker Hub is asked where its API is', async () => {
  const proxy = await startProxy('Basic bWU6cHc=');
  const registries = openRegistries({
    access: {},
    credential: async () => undefined,
    context: context({ env: { HTTPS_PROXY: `http://me:pw@${proxy.host}` } }),
    retryBudgetMs: 1,
  });
  for (const name of ['docker.io', 'index.docker.io']) {
    expect(registries.client(name).host).toBe('docker.io');
  }
  await registries
    .client('docker.io')
    .headManifest('library/nginx', '1')
    .catch(() => {});
  expect(new Set(proxy.seen)).toEqual(new Set(['CONNECT registry-1.docker.io:443']));
  await registries.close();
  await proxy.stop();
});

test('what could not be opened does not keep the rest from closing', async () => {
  const registries = openRegistries({
    access: {},
    credential: async () => undefined,
    context: context({ env: { HTTPS_PROXY: 'http://[' } }),
    retryBudgetMs: 1,
  });
  const asked = registries.client('r.example').headManifest('a/b', 'v1');
  await expect(asked).rejects.toMatchObject({ message: 'HTTPS_PROXY is no URL' });
  await registries.close();
});

test('a host that the proxy cannot reach is transient', async () => {
  const proxy = await startProxy('Basic bWU6cHc=');
  const registries = openRegistries({
    access: {},
    credential: async () => undefined,
    context: context({ env: { HTTPS_PROXY: `http://me:pw@${proxy.host}` } }),
    retryBudgetMs: 500,
  });
  const host = `r.example:${await freePort()}`;
  await expect(registries.client(host).headManifest('a/b', 'v1')).rejects.toMatchObject({
    class: 'transient',
    message: `${host} cannot be reached through the proxy`,
  });
  await registries.close();
  await proxy.stop();
});

interface Proxy {
  readonly host: string;
  readonly seen: readonly string[];
  stop(): Promise<void>;
}

function port(registry: TestRegistry): string {
  return registry.host.split(':')[1] ?? '';
}

/** A small forward proxy: CONNECT and absolute URLs, with a password, every name being loopback. */
async function startProxy(password: string): Promise<Proxy> {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    if (incoming.headers['proxy-authorization'] !== password) {
      return void response.writeHead(407).end();
    }
    const url = new URL(incoming.url ?? '');
    const { method = 'GET', headers } = incoming;
    const target = `http://127.0.0.1:${url.port}${url.pathname}${url.search}`;
    const outgoing = httpRequest(target, { method, headers }, (upstream) => {
      response.writeHead(upstream.statusCode ?? 502, upstream.headers);
      upstream.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  server.on('connect', (incoming, socket, head) => {
    seen.push(`CONNECT ${incoming.url}`);
    socket.on('error', () => {});
    if (incoming.headers['proxy-authorization'] !== password) {
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    }
    const upstream = connect(Number(incoming.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    seen,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
