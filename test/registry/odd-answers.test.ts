import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mostReadWhole } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ociIndex } from '../../src/oci/media-types.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import { readBlob } from '../../src/registry/read-blob.ts';
import { context, text } from './context.ts';

let server: Server;
let answer: RequestListener;
let host: string;
let registries: Registries;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  registries = openRegistries({
    access: { [host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context(),
    retryBudgetMs: 500,
  });
});
afterEach(async () => {
  await registries.close();
  server.closeAllConnections();
  server.close();
});

const content = Buffer.from('content');
const digest = digestOf(content);

describe('what stands in front of a registry takes away', () => {
  test('the size of a blob', async () => {
    answer = (_, response) =>
      void response.writeHead(200, { 'transfer-encoding': 'chunked' }).end();
    await expect(registries.client(host).headBlob('a', digest)).rejects.toMatchObject({
      class: 'integrity',
      message: `${host} tells no size for blob ${digest} of a`,
    });
  });

  test('where an upload goes', async () => {
    answer = (request, response) =>
      void response.writeHead(request.method === 'POST' ? 202 : 404).end();
    await expect(registries.client(host).putBlob('a', digest, content)).rejects.toMatchObject({
      class: 'refused',
      message: expect.stringMatching(/ opens no upload session for /),
      given: 'an answer without Location',
    });
  });
});

test('a list of what is attached that breaks off', async () => {
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [] };
  answer = (request, response) => {
    if (request.url?.includes('page=2')) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': ociIndex,
      link: `</v2/a/referrers/${digest}?page=2>; rel="next"`,
    });
    response.end(JSON.stringify(index));
  };
  expect(await registries.client(host).listReferrers('a', digest)).toMatchObject({
    failure: {
      class: 'integrity',
      message: `${host} breaks off its list of what is attached to ${digest}`,
      given: '1 pages',
    },
  });
});

test('a config that is too large is not asked for', async () => {
  let requests = 0;
  answer = (_, response) => {
    requests++;
    response.end();
  };
  const descriptor = { mediaType: 'a/b', digest, size: mostReadWhole + 1 };
  await expect(readBlob(registries.client(host), 'a', descriptor)).rejects.toMatchObject({
    class: 'usage',
    message: 'a config or chart is too large',
  });
  expect(requests).toBe(0);
});

test('a blob whose rest is empty', async () => {
  answer = (request, response) => {
    if (request.headers.range !== undefined)
      return void response.writeHead(206, { 'content-range': 'bytes 3-6/7' }).end();
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 3));
    request.socket.end();
  };
  const { body } = await registries.client(host).getBlob('a', digest);
  await expect(text(body)).rejects.toMatchObject({
    class: 'transient',
    message: `blob ${digest} of a came incomplete from ${host}`,
    given: '3 bytes',
    expected: '7 bytes',
  });
});

test('a token service without a token', async () => {
  answer = (request, response) => {
    if (request.url?.startsWith('/token')) return void response.end('{}');
    response.writeHead(401, {
      'www-authenticate': `Bearer realm="http://${host}/token",service="a"`,
    });
    response.end();
  };
  await expect(registries.client(host).headManifest('a', '1')).rejects.toMatchObject({
    class: 'authentication',
    message: `the token service of ${host} gives no token`,
  });
});
