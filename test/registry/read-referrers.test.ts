import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { cosignTags, referrersTag } from '../../src/oci/referrers.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import type { ContentCache } from '../../src/registry/content-cache.ts';
import { readReferrers } from '../../src/registry/read-referrers.ts';
import { pushImage, pushManifest } from '../helpers/images.ts';
import { type FrontAnswer, type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { context } from './context.ts';

let registry: TestRegistry;
let front: FrontProxy;
let registries: Registries;
let subject: Digest;
let listed: Digest;
let signature: Digest;

beforeAll(async () => {
  registry = await startRegistry();
  front = await startFrontProxy(registry.host);
  registries = openRegistries({
    access: { [front.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context(),
    retryBudgetMs: 2_000,
  });
  subject = (await pushImage(registry.host, 'a/b', '1')).digest;
  const sbom = await pushImage(registry.host, 'a/b', 'sbom', { layers: ['sbom'] });
  listed = sbom.digest;
  await pushManifest(registry.host, 'a/b', referrersTag(subject), ociIndex, indexOf([sbom]));
  const [tag = ''] = cosignTags(subject);
  signature = (await pushImage(registry.host, 'a/b', tag, { layers: ['signature'] })).digest;
});
afterEach(() => {
  front.rules.length = 0;
  front.clear();
});
afterAll(async () => {
  await registries.close();
  await front.stop();
  await registry.stop();
});

const noCache: ContentCache = { get: (_, fetch) => fetch(), wasEmpty: async () => false };
const read = (hasApi?: boolean) =>
  readReferrers(
    { client: registries.client(front.host), repository: 'a/b' },
    subject,
    noCache,
    hasApi,
  );
const digests = async (found: ReturnType<typeof read>) =>
  (await found).referrers.map(({ descriptor }) => descriptor.digest);

function indexOf(manifests: readonly object[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }));
}

/** What the referrers API says; undefined: as the registry does, which has none. */
function answering(api: (path: string) => FrontAnswer | undefined): void {
  front.rules.push(({ path }) => (path.includes('/referrers/') ? api(path) : undefined));
}

const entry = (text: string) => ({
  mediaType: ociManifest,
  digest: digestOf(Buffer.from(text)),
  size: 7,
});
const page = (manifests: readonly object[], headers = {}): FrontAnswer => ({
  status: 200,
  headers: { 'content-type': ociIndex, ...headers },
  body: indexOf(manifests).toString(),
});

describe('where there is no referrers API, the tag scheme and cosign tags say it', () => {
  test.each<[string, FrontAnswer]>([
    ...[400, 404, 405, 501].map((status): [string, FrontAnswer] => [`${status}`, { status }]),
    ['a page for people', { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' }],
    ['an answer of another kind', { status: 200, body: '{"tags":[]}' }],
  ])('said by %s', async (_, answer) => {
    answering(() => answer);
    expect(await digests(read())).toEqual([signature, listed]);
    expect((await read()).hasApi).toBe(false);
  });

  test.each([401, 403])(
    '%s is of this one manifest: the next one is asked for by the API',
    async (status) => {
      answering(() => ({ status }));
      expect(await read()).toMatchObject({ hasApi: true, lost: [] });
      expect(await digests(read())).toEqual([signature, listed]);
    },
  );

  test('six requests, one less where that is known; what is not there costs a HEAD', async () => {
    await read();
    const asked = () => front.requests.map(({ method, path }) => `${method} ${path.split('/')[4]}`);
    expect(asked().toSorted()).toEqual([
      'GET manifests',
      'GET referrers',
      ...Array(4).fill('HEAD manifests'),
    ]);
    front.clear();
    await read(false);
    expect(asked().filter((one) => one === 'GET referrers')).toEqual([]);
  });
});

const large: FrontAnswer = {
  status: 200,
  headers: { 'content-type': ociIndex },
  body: ' '.repeat(4 * 1024 * 1024 + 1),
};

describe('where there is one', () => {
  test.each([
    ['that is none', page([{ mediaType: ociManifest, digest: 'sha384:x', size: 1 }])],
    ['that is too large', large],
  ])('a list %s is told, and no reason to give the API up', async (_, answer) => {
    answering(() => answer);
    const { hasApi, lost } = await read();
    expect({ hasApi, lost }).toEqual({
      hasApi: true,
      lost: [expect.stringContaining(`the list of what is attached to ${subject} is none: `)],
    });
  });

  test('what has a tag of cosign and is listed too is found once', async () => {
    answering(() => page([{ ...entry('a'), digest: signature }, entry('a')]));
    expect(await digests(read())).toEqual([signature, entry('a').digest]);
  });

  test('it is believed, and the tag of the scheme is not asked for', async () => {
    answering(() => page([entry('a')]));
    expect(await digests(read())).toEqual([signature, entry('a').digest]);
    expect(front.requests.some(({ path }) => path.endsWith(referrersTag(subject)))).toBe(false);
  });

  test('page after page', async () => {
    const next = `</v2/a/b/referrers/${subject}?n=1&last=a>; rel="next"`;
    answering((path) =>
      path.includes('last=a') ? page([entry('b')]) : page([entry('a')], { link: next }),
    );
    const both = [entry('a').digest, entry('b').digest].toSorted();
    expect(await digests(read())).toEqual([signature, ...both]);
  });

  test('pages without end are cut off', async () => {
    const next = `</v2/a/b/referrers/${subject}?again>; rel="next"`;
    answering(() => page([entry('a')], { link: next }));
    expect((await read()).referrers.length).toBeLessThan(30);
  });

  test('a failure that passes is tried again', async () => {
    let tries = 0;
    answering(() => (tries++ === 0 ? { status: 503 } : page([])));
    expect(await digests(read())).toEqual([signature]);
  });

  test('one that does not pass is no empty list', async () => {
    answering(() => ({ status: 503 }));
    await expect(read()).rejects.toMatchObject({ class: 'transient' });
  });
});

test('a tag of cosign that is refused is not there', async () => {
  front.rules.push(({ path }) => (path.endsWith('.sig') ? { status: 403 } : undefined));
  expect(await digests(read())).toEqual([listed]);
});
