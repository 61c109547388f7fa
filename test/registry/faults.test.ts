import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { openRegistries, type Registries, type RegistryClient } from '../../src/registry/client.ts';
import { locationFrom } from '../../src/registry/exchange.ts';
import { readBlob } from '../../src/registry/read-blob.ts';
import type { Event } from '../../src/report/events.ts';
import { pushBlob, pushImage } from '../helpers/images.ts';
import { type FrontAnswer, type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { freePort, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { context, text } from './context.ts';

let registry: TestRegistry;
let front: FrontProxy;
let registries: Registries;
let client: RegistryClient;
let events: Event[];

beforeAll(async () => {
  registry = await startRegistry();
});
beforeEach(async () => {
  front = await startFrontProxy(registry.host);
  events = [];
  registries = open(2_000);
  client = registries.client(front.host);
});
afterEach(async () => {
  await registries.close();
  await front.stop();
});
afterAll(() => registry.stop());

function open(retryBudgetMs: number, stallMs = 60_000): Registries {
  return openRegistries({
    access: { [front.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context({ emit: (event) => events.push(event) }),
    retryBudgetMs,
    stallMs,
  });
}

/** Answers so the first few times that a request of this method comes. */
function first(times: number, method: string, answer: FrontAnswer): void {
  let left = times;
  front.rules.push((request) => (request.method === method && left-- > 0 ? answer : undefined));
}

const methods = () => front.requests.map(({ method }) => method);

describe('what passes is tried again', () => {
  test.each<{ title: string; answer: FrontAnswer }>([
    { title: '503', answer: { status: 503 } },
    { title: '500', answer: { status: 500 } },
    { title: '429', answer: { status: 429, headers: { 'retry-after': '0' } } },
    { title: 'reset', answer: 'reset' },
  ])('$title twice', async ({ answer }) => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    first(2, 'HEAD', answer);
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    expect(front.requests).toHaveLength(3);
  });

  test('a manifest that is cut off', async () => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    first(1, 'GET', { cutAfter: 10 });
    expect((await client.getManifest('a/b', 'v1'))?.descriptor).toEqual(root);
  });

  test('an upload, from a new session on', async () => {
    first(1, 'PUT', 'reset');
    const bytes = Buffer.from('sent twice');
    await client.putBlob('a/b', digestOf(bytes), bytes);
    expect(methods()).toEqual(['POST', 'PUT', 'HEAD', 'POST', 'PUT']);
    expect(await client.headBlob('a/b', digestOf(bytes))).toBe(bytes.length);
  });

  test('an upload that only seemed to fail is not sent again', async () => {
    first(1, 'PUT', { isAckLost: true });
    const bytes = Buffer.from('sent once');
    await client.putBlob('a/b', digestOf(bytes), bytes);
    expect(methods()).toEqual(['POST', 'PUT', 'HEAD']);
  });

  test.each(['v2', 'digest'])('nor is a manifest, by %s', async (reference) => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    const { bytes } = (await client.getManifest('a/b', 'v1')) ?? { bytes: Buffer.alloc(0) };
    front.clear();
    first(1, 'PUT', { isAckLost: true });
    const name = reference === 'digest' ? root.digest : reference;
    await client.putManifest('a/b', name, root.mediaType, bytes);
    expect(methods()).toEqual(['PUT', 'HEAD']);
  });

  test('a manifest that a proxy has not let through is sent again', async () => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    const { bytes } = (await client.getManifest('a/b', 'v1')) ?? { bytes: Buffer.alloc(0) };
    front.clear();
    first(1, 'PUT', { status: 503 });
    await client.putManifest('a/b', 'v3', root.mediaType, bytes);
    expect(methods()).toEqual(['PUT', 'HEAD', 'PUT']);
    expect(await client.headManifest('a/b', 'v3')).toEqual(root);
  });

  test('a bit that flips once, in a manifest and in a config', async () => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    first(1, 'GET', { flipAt: 5 });
    const found = await client.getManifest('a/b', root.digest);
    expect(found?.descriptor).toEqual(root);
    const bytes = Buffer.from('a config');
    const digest = await pushBlob(registry.host, 'a/b', bytes);
    first(1, 'GET', { flipAt: 5 });
    const blob = { mediaType: 'any', digest, size: bytes.length };
    expect(await readBlob(client, 'a/b', blob)).toEqual(bytes);
    expect(methods()).toEqual(['GET', 'GET', 'GET', 'GET']);
  });

  test('a body that flips for ever is never handed out', async () => {
    const bytes = Buffer.from('a config');
    const digest = await pushBlob(registry.host, 'a/b', bytes);
    first(1_000, 'GET', { flipAt: 5 });
    const read = readBlob(client, 'a/b', { mediaType: 'any', digest, size: bytes.length });
    await expect(read).rejects.toMatchObject({ class: 'integrity' });
    expect(front.requests).toHaveLength(2);
  });

  test.each<[string, FrontAnswer]>([
    ['the body of a blob', { stallAfter: 250_000 }],
    ['of a blob even the headers', { stallAfter: 0 }],
  ])('%s stalls: the rest is asked for', async (_, answer) => {
    const all = open(10_000, 400);
    const bytes = randomBytes(1_000_000);
    const digest = await pushBlob(registry.host, 'a/b', bytes);
    first(1, 'GET', answer);
    const { body } = await all.client(front.host).getBlob('a/b', digest);
    expect((await buffer(body)).equals(bytes)).toBe(true);
    expect(front.requests).toHaveLength(2);
    await all.close();
  });

  test('an upload that stalls is sent again', async () => {
    const all = open(10_000, 400);
    const bytes = randomBytes(1_000);
    first(1, 'PUT', { sentStallAfter: 100 });
    await all.client(front.host).putBlob('a/b', digestOf(bytes), bytes);
    expect(methods()).toEqual(['POST', 'PUT', 'HEAD', 'POST', 'PUT']);
    await all.close();
  });

  test('Retry-After keeps every request away from the host', async () => {
    await pushImage(registry.host, 'a/b', 'v1');
    first(1, 'HEAD', { status: 429, headers: { 'retry-after': '1' } });
    const limited = client.headManifest('a/b', 'v1');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const other = client.getManifest('a/b', 'v1');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(front.requests).toHaveLength(1);
    await Promise.all([limited, other]);
    expect(front.requests).toHaveLength(3);
  });
});

describe('until the budget is spent', () => {
  test('503 for ever is transient, with what the registry said', async () => {
    const body = '{"errors":[{"code":"UNAVAILABLE","message":"down \\u001b[31mfor\\n now"}]}';
    first(1000, 'GET', { status: 503, body });
    await expect(client.getManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'transient',
      given: '503: UNAVAILABLE: down for now',
    });
    expect(front.requests.length).toBeGreaterThan(2);
  });

  test.each([
    ['seconds', '3600'],
    ['date', new Date(Date.now() + 3600_000).toUTCString()],
  ])('a Retry-After beyond it (%s) is not waited for, but told', async (_, value) => {
    first(1000, 'HEAD', { status: 429, headers: { 'retry-after': value } });
    await expect(client.headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'transient',
      next: expect.stringMatching(/run again in 3[56]\d\d s/),
    });
    expect(front.requests).toHaveLength(1);
  });

  test('nobody listens: transient within seconds', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const all = openRegistries({
      access: { [nobody]: { plainHttp: true } },
      credential: async () => undefined,
      context: context(),
    });
    await expect(all.client(nobody).headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'transient',
      message: `${nobody} refuses the connection`,
    });
    await all.close();
  });

  test('a registry that is away for a while and was there before is waited for', async () => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    const all = open(20_000);
    await all.client(front.host).headManifest('a/b', 'v1');
    const port = Number(front.host.split(':')[1]);
    await front.stop();
    const asked = all.client(front.host).headManifest('a/b', 'v1');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    front = await startFrontProxy(registry.host, [], port);
    expect(await asked).toEqual(root);
    await all.close();
  });

  test('a name that nobody knows: transient, and said so', async () => {
    const all = openRegistries({
      access: {},
      credential: async () => undefined,
      context: context(),
      retryBudgetMs: 500,
    });
    await expect(all.client('no.such.invalid').headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'transient',
      message: 'no address is known for no.such.invalid',
    });
    await all.close();
  });
});

describe('a blob that nobody wants any more', () => {
  test('is not asked for again', async () => {
    const digest = await pushBlob(registry.host, 'a/b', randomBytes(10));
    const gone = new AbortController();
    const wait = { 'retry-after': '1' };
    first(1000, 'GET', { status: 503, headers: wait });
    const opening = client.openBlob('a/b', digest, gone.signal);
    await expect.poll(() => front.requests.length, { interval: 5 }).toBe(1);
    gone.abort();
    await expect(opening).rejects.toThrow('aborted');
    expect(front.requests).toHaveLength(1);
  });

  test('breaks off while it comes', async () => {
    const digest = await pushBlob(registry.host, 'a/b', randomBytes(500_000));
    const gone = new AbortController();
    first(1000, 'GET', { stallAfter: 1_000 });
    const { body } = await client.openBlob('a/b', digest, gone.signal);
    gone.abort();
    await expect(buffer(body)).rejects.toThrow('aborted');
  });
});

describe('a blob that breaks off', () => {
  // The end comes in chunks of its own.
  const bytes = randomBytes(1_000_000);
  let digest: Digest;
  beforeEach(async () => {
    digest = await pushBlob(registry.host, 'a/b', bytes);
  });
  const ranges = () => front.requests.map(({ headers }) => headers.range);

  test('is asked for from there on, as often as it takes', async () => {
    // More than what counts as headway.
    first(3, 'GET', { cutAfter: 300_000 });
    const { status, body } = await client.getBlob('a/b', digest);
    expect(status).toBe(200);
    expect((await buffer(body)).equals(bytes)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=300000-', 'bytes=600000-', 'bytes=900000-']);
  });

  test('comes whole from a registry that knows no ranges', async () => {
    let cut = 0;
    front.rules.push(({ headers }) => {
      delete headers.range;
      return cut++ < 2 ? { cutAfter: cut * 100_000 } : undefined;
    });
    const { body } = await client.getBlob('a/b', digest);
    expect((await buffer(body)).equals(bytes)).toBe(true);
    expect(front.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('a part of it, too', async () => {
    first(2, 'GET', { cutAfter: 100_000 });
    const { status, body } = await client.getBlob('a/b', digest, { start: 50_000, end: 349_999 });
    expect(status).toBe(206);
    expect((await buffer(body)).equals(bytes.subarray(50_000, 350_000))).toBe(true);
    expect(ranges().slice(1)).toEqual(['bytes=150000-349999', 'bytes=250000-349999']);
  });

  test('a part of it, from a registry that forgets about ranges', async () => {
    first(1, 'GET', { cutAfter: 100_000 });
    front.rules.push(({ headers }) => {
      delete headers.range;
      return undefined;
    });
    const { body } = await client.getBlob('a/b', digest, { start: 50_000, end: 349_999 });
    expect((await buffer(body)).equals(bytes.subarray(50_000, 350_000))).toBe(true);
  });

  test('and of which the rest never comes is an error of its stream', async () => {
    first(1, 'GET', { cutAfter: 100_000 });
    first(1000, 'GET', 'reset');
    const { body } = await client.getBlob('a/b', digest);
    await expect(buffer(body)).rejects.toMatchObject({ class: 'transient' });
    expect(front.requests.length).toBeGreaterThan(2);
  });

  test('and comes in drips is an error when the budget is spent', async () => {
    first(Number.POSITIVE_INFINITY, 'GET', { cutAfter: 100 });
    const { body } = await client.getBlob('a/b', digest);
    await expect(buffer(body)).rejects.toMatchObject({ class: 'transient' });
  });

  test('and is gone by then is an error that no try mends', async () => {
    first(1, 'GET', { cutAfter: 100_000 });
    first(1, 'GET', { status: 404 });
    const { body } = await client.getBlob('a/b', digest);
    await expect(buffer(body)).rejects.toMatchObject({ class: 'usage' });
  });

  test('and of which bytes are left out is an error', async () => {
    first(1, 'GET', { cutAfter: 100_000 });
    const headers = { 'content-range': 'bytes 300000-999999/1000000' };
    first(1, 'GET', { status: 206, headers, body: 'x' });
    const { body } = await client.getBlob('a/b', digest);
    await expect(buffer(body)).rejects.toMatchObject({ class: 'integrity' });
  });

  test('and is not wanted any more is not asked for again', async () => {
    first(1, 'GET', { cutAfter: 100_000 });
    const { body } = await client.getBlob('a/b', digest);
    body.destroy();
    await once(body, 'close');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(front.requests).toHaveLength(1);
  });

  test('may be empty', async () => {
    const empty = await pushBlob(registry.host, 'a/b', Buffer.alloc(0));
    expect(await buffer((await client.getBlob('a/b', empty)).body)).toHaveLength(0);
  });

  test('gives its place back, as does one that is not read to its end', async () => {
    const digest = await pushBlob(registry.host, 'a/b', Buffer.alloc(1_000_000));
    for (let i = 0; i < 10; i++) {
      const { body } = await client.getBlob('a/b', digest);
      body.destroy();
    }
    expect(await client.headBlob('a/b', digest)).toBe(1_000_000);
  });
});

describe('registries that differ', () => {
  test.each([405, 400])('HEAD answered by %i: GET is asked', async (status) => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    first(1, 'HEAD', { status });
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
    expect(methods()).toEqual(['HEAD', 'GET']);
  });

  test('HEAD of a blob answered by 405: GET is asked, and not read', async () => {
    const digest = await pushBlob(registry.host, 'a/b', Buffer.alloc(1_000_000));
    first(1, 'HEAD', { status: 405 });
    expect(await client.headBlob('a/b', digest)).toBe(1_000_000);
  });

  test('HEAD without a digest: GET is asked', async () => {
    const root = await pushImage(registry.host, 'a/b', 'v1');
    first(1, 'HEAD', { status: 200, headers: { 'content-type': root.mediaType } });
    expect(await client.headManifest('a/b', 'v1')).toEqual(root);
  });

  test.each([
    { type: 'application/json', own: ociManifest, expected: ociManifest },
    { type: `${ociIndex}; charset=utf-8`, own: undefined, expected: ociIndex },
    { type: 'text/plain', own: undefined, expected: 'text/plain' },
  ])('media type from $type and $own', async ({ type, own, expected }) => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: own });
    first(1, 'GET', { status: 200, headers: { 'content-type': type }, body });
    const found = await client.getManifest('a/b', 'v1');
    expect(found?.descriptor).toEqual({
      mediaType: expected,
      digest: digestOf(Buffer.from(body)),
      size: body.length,
    });
  });

  test('a range may be answered with the whole', async () => {
    const digest = await pushBlob(registry.host, 'a/b', Buffer.from('0123456789'));
    first(1, 'GET', { status: 200, body: '0123456789' });
    const { status, body } = await client.getBlob('a/b', digest, { start: 1, end: 2 });
    expect([status, await text(body)]).toEqual([200, '0123456789']);
  });
});

describe('a mount', () => {
  test.each([400, 401, 403, 404, 405])('answered by %i is only refused', async (status) => {
    const digest = await pushBlob(registry.host, 'from', Buffer.from('x'));
    front.rules.push(() => ({ status, headers: { 'www-authenticate': 'Basic realm="x"' } }));
    expect(await client.mountBlob('to', digest, 'from')).toBe(false);
  });

  test('answered by a session cancels it', async () => {
    const digest = await pushBlob(registry.host, 'from', Buffer.from('x'));
    const location = `/v2/to/blobs/uploads/123`;
    first(1, 'POST', { status: 202, headers: { location } });
    first(1, 'DELETE', { status: 204 });
    expect(await client.mountBlob('to', digest, 'from')).toBe(false);
    expect(front.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /v2/to/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=from`,
      `DELETE ${location}`,
    ]);
  });
});

describe('refusals are final and named', () => {
  test.each([400, 403, 404, 405, 409, 412, 413, 507])('a push answered by %i', async (status) => {
    const body = `{"errors":[{"code":"WHY","message":"${'x'.repeat(1000)}"}]}`;
    front.rules.push(() => ({ status, body }));
    const bytes = Buffer.from('{}');
    const attempts = [
      () => client.checkPush('a/b'),
      () => client.putBlob('a/b', digestOf(bytes), bytes),
      () => client.putManifest('a/b', 'v1', ociIndex, bytes),
    ];
    for (const attempt of attempts) {
      const error = await attempt().catch((thrown) => thrown);
      expect(error).toMatchObject({ class: 'refused', next: expect.any(String) });
      expect(error.given).toMatch(new RegExp(`^${status}: WHY: x+…$`));
      expect(error.given.length).toBeLessThan(320);
    }
    expect(front.requests).toHaveLength(attempts.length);
  });

  test('a read answered by 403 is a matter of authentication', async () => {
    front.rules.push(() => ({ status: 403 }));
    await expect(client.headManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'authentication',
    });
  });

  test('a page of HTML is not quoted', async () => {
    front.rules.push(() => ({
      status: 418,
      headers: { 'content-type': 'text/html' },
      body: '<h1>teapot</h1>',
    }));
    await expect(client.getManifest('a/b', 'v1')).rejects.toMatchObject({
      class: 'usage',
      given: `418 from ${front.host}`,
    });
  });
});

describe('content that is not what it should be', () => {
  const other = digestOf(Buffer.from('other'));
  test.each([
    { title: 'asked by digest', reference: other, headers: {} },
    { title: 'header differs', reference: 'v1', headers: { 'docker-content-digest': other } },
    { title: 'header is none', reference: 'v1', headers: { 'docker-content-digest': 'sha256:x' } },
  ])('$title: integrity', async ({ reference, headers }) => {
    front.rules.push(() => ({ status: 200, headers, body: '{"schemaVersion":2}' }));
    await expect(client.getManifest('a/b', reference)).rejects.toMatchObject({
      class: 'integrity',
    });
  });

  test('HEAD by digest that names another: integrity', async () => {
    front.rules.push(() => ({
      status: 200,
      headers: {
        'docker-content-digest': other,
        'content-type': ociManifest,
        'content-length': '5',
      },
    }));
    const asked = client.headManifest('a/b', digestOf(Buffer.from('this')));
    await expect(asked).rejects.toMatchObject({ class: 'integrity' });
  });

  test('a manifest over 4 MiB is not read', async () => {
    front.rules.push(() => ({ status: 200, body: ' '.repeat(4 * 1024 * 1024 + 1) }));
    await expect(client.getManifest('a/b', 'v1')).rejects.toMatchObject({ class: 'usage' });
  });
});

describe('redirects', () => {
  test('are followed, a few', async () => {
    const digest = await pushBlob(registry.host, 'a/b', Buffer.from('x'));
    first(3, 'GET', {
      status: 302,
      headers: { location: `http://${front.host}/v2/a/b/blobs/${digest}` },
    });
    expect(await text((await client.getBlob('a/b', digest)).body)).toBe('x');
    front.rules.push(({ method }) =>
      method === 'GET' ? { status: 302, headers: { location: '?round' } } : undefined,
    );
    await expect(client.getBlob('a/b', digest)).rejects.toMatchObject({
      class: 'usage',
      message: expect.stringContaining('in a circle'),
    });
  });

  test.each([
    ['https://h/a', 'http://h/a'],
    ['https://h/a', 'http://cdn.example/a'],
    ['https://h/a', 'ftp://h/a'],
    ['https://h/a', 'http://['],
  ])('from %s to %s are refused', (from, to) => {
    expect(() => locationFrom(new URL(from), to)).toThrow('not safe');
  });

  test('to anything but HTTP are refused', async () => {
    front.rules.push(() => ({ status: 302, headers: { location: 'file:///etc/passwd' } }));
    await expect(client.getManifest('a/b', 'v1')).rejects.toMatchObject({ class: 'usage' });
  });
});
