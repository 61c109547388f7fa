import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRegistries, type Registries, type RegistryClient } from '../../src/registry/client.ts';
import type { Event } from '../../src/report/events.ts';
import { pushImage } from '../helpers/images.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { context } from './context.ts';

let registry: TestRegistry;
let front: FrontProxy;
let registries: Registries;
let client: RegistryClient;
let events: Event[];
beforeAll(async () => {
  registry = await startRegistry();
  await pushImage(registry.host, 'a/b', 'v1');
});
afterAll(() => registry.stop());
beforeEach(async () => {
  front = await startFrontProxy(registry.host);
  events = [];
  registries = openRegistries({
    access: { [front.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context({ emit: (event) => events.push(event) }),
    retryBudgetMs: 10_000,
  });
  client = registries.client(front.host);
});
afterEach(async () => {
  await registries.close();
  await front.stop();
});

const head = () => client.headManifest('a/b', 'v1');
const refused = () => front.requests.filter(({ status }) => status === 429).length;
const notes = () => events.filter(({ kind }) => kind === 'note');

/** 429 to the first so many requests. */
function limit(times: number, retryAfter?: string): void {
  let left = times;
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  front.rules.push(() => (left-- > 0 ? { status: 429, headers } : undefined));
}

describe('a host that asks for fewer requests', () => {
  test.each([
    ['with Retry-After', '1'],
    ['with a date', new Date(Date.now() + 2_000).toUTCString()],
    ['without a word on how long', undefined],
  ])(
    '%s is asked by one of all who wait, until it is ready',
    async (_, retryAfter) => {
      limit(3, retryAfter);
      const first = head();
      await expect.poll(() => refused()).toBe(1);
      const others = Array.from({ length: 8 }, head);
      for (const found of await Promise.all([first, ...others])) expect(found).toBeDefined();
      expect(refused()).toBe(3);
      expect(front.requests).toHaveLength(3 + 9);
    },
    15_000,
  );

  test('for longer than the budget is not asked again: all end at once, told when to come back', async () => {
    limit(1_000, '3600');
    const ends = await Promise.allSettled([head()]);
    ends.push(...(await Promise.allSettled(Array.from({ length: 8 }, head))));
    for (const end of ends) {
      expect(end).toMatchObject({
        reason: { class: 'transient', next: expect.stringMatching(/^run again in 3[56]\d\d s/) },
      });
    }
    expect(refused()).toBe(1);
  });

  test('is told of once, not by each request', async () => {
    limit(1, '2');
    const first = head();
    await expect.poll(() => refused()).toBe(1);
    await Promise.all([first, ...Array.from({ length: 8 }, head)]);
    expect(notes()).toEqual([
      {
        kind: 'note',
        message: `${front.host} asks for fewer requests (429); next try in 2 s`,
      },
    ]);
  });

  test('by its token service is left alone as well', async () => {
    const realm = `http://${front.host}/token`;
    let tokens = 0;
    front.rules.push(({ path, headers }) => {
      if (path.startsWith('/token'))
        return tokens++ === 0
          ? { status: 429, headers: { 'retry-after': '1' } }
          : { status: 200, body: '{"token":"any"}' };
      if (headers.authorization !== undefined) return undefined;
      return { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}"` } };
    });
    const first = head();
    await expect.poll(() => refused()).toBe(1);
    const before = front.requests.length;
    const others = Array.from({ length: 8 }, head);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(front.requests).toHaveLength(before);
    for (const found of await Promise.all([first, ...others])) expect(found).toBeDefined();
    expect(refused()).toBe(1);
  });
});

test('a host that fails whatever it is asked keeps one waiting, not each in turn', async () => {
  await registries.close();
  registries = openRegistries({
    access: { [front.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context(),
    retryBudgetMs: 600,
  });
  client = registries.client(front.host);
  front.rules.push(() => ({ status: 503 }));
  await expect(head()).rejects.toMatchObject({ class: 'transient' });
  front.clear();
  await expect(head()).rejects.toMatchObject({ class: 'transient' });
  expect(front.requests).toHaveLength(1);
  front.rules.length = 0;
  expect(await head()).toBeDefined();
});
