import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Transient } from '../../src/registry/retry.ts';
import { AirgapError } from '../../src/report/error.ts';
import type { TransferResult } from '../../src/transfer/job.ts';
import {
  type FrontAnswer,
  type FrontProxy,
  type FrontRequest,
  startFrontProxy,
} from '../helpers/proxy.ts';
import {
  type How,
  layoutTar,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
} from './setting.ts';

const mebibyte = 1024 * 1024;

let setting: Setting;
/** Another one for each test. */
let repository: string;
let source: FrontProxy;
let target: Target;
/** One image that our own client copies, and one that is oras's. */
let images: Readonly<Record<Mover, Sample>>;
type Mover = 'our client' | 'oras';
beforeAll(async () => {
  setting = await startSetting();
  target = await startTarget();
  source = await startFrontProxy(setting.source.host);
  const large = Buffer.alloc(3 * mebibyte, 'large');
  images = {
    'our client': await setting.push('small', { layers: ['a', 'b'.repeat(100_000)] }),
    oras: await setting.push('large', { layers: ['a', large] }),
  };
});
afterAll(async () => {
  await target.stop();
  await source.stop();
  await setting.stop();
});
let repositories = 0;
beforeEach(() => {
  for (const { rules } of [source, target]) rules.length = 0;
  repository = `m/${repositories++}`;
});

type Which = (request: FrontRequest) => boolean;

const isBlob = ({ path }: FrontRequest) => /\/blobs\/sha256:/.test(path);
const isUpload = ({ path }: FrontRequest) => path.includes('/blobs/uploads/');
const get: Which = (request) => request.method === 'GET' && isBlob(request);
const put: Which = (request) => request.method === 'PUT' && isUpload(request);
const longPut: Which = (request) =>
  put(request) && Number(request.headers['content-length']) > 1_000;
const post: Which = (request) => request.method === 'POST' && isUpload(request);
const manifestPut: Which = ({ method, path }) => method === 'PUT' && path.includes('/manifests/');

/** Where it comes, to which requests, what it is, and how often. */
interface Fault {
  readonly at: 'source' | 'target';
  readonly which: Which;
  readonly answer: FrontAnswer;
  readonly times?: number;
}

const challenge = { 'www-authenticate': 'Basic realm="x"' };
const reads: Readonly<Record<string, Omit<Fault, 'at'>>> = {
  '503 twice': { which: get, answer: { status: 503 }, times: 2 },
  'a body that is cut': { which: get, answer: { cutAfter: 1_000 } },
  'a body that is cut three times': { which: get, answer: { cutAfter: 1_000 }, times: 3 },
  'a body that ends early': { which: get, answer: { endAfter: 500 } },
  'a bit that flips': { which: get, answer: { flipAt: 100 } },
  'a reset': { which: get, answer: 'reset' },
  'a body that stalls': { which: get, answer: { stallAfter: 500 } },
};
const writes: Readonly<Record<string, Omit<Fault, 'at'>>> = {
  'PUT of a blob 503': { which: put, answer: { status: 503 } },
  'PUT of a blob refused in words of its own': {
    which: put,
    answer: { status: 503, body: '{"errors":[{"code":"WEIRD","message":"what"}]}' },
  },
  'an upload that is cut': { which: longPut, answer: { sentCutAfter: 500 } },
  'an upload that stalls': { which: longPut, answer: { sentStallAfter: 500 } },
  'a session that is reset': { which: post, answer: 'reset' },
  'an acknowledgement that is lost': { which: put, answer: { isAckLost: true } },
  'a login that has run out': { which: put, answer: { status: 401, headers: challenge } },
  'PUT of a manifest 503': { which: manifestPut, answer: { status: 503 } },
  'the acknowledgement of a manifest': { which: manifestPut, answer: { isAckLost: true } },
};
const limit = { status: 429, headers: { 'retry-after': '1' } };
const all: [string, Fault][] = [
  ['429, with Retry-After', { at: 'source', which: get, answer: limit }],
  ...Object.entries(reads).map(([name, fault]): [string, Fault] => [
    name,
    { at: 'source', ...fault },
  ]),
  ...Object.entries(writes).map(([name, fault]): [string, Fault] => [
    name,
    { at: 'target', ...fault },
  ]),
];

/** Puts it before requests of a mover; resolves to how often it came. */
function place({ at, which, answer, times = 1 }: Fault, mover: Mover): () => number {
  let hits = 0;
  const ours = mover === 'our client';
  const { rules } = at === 'source' ? source : target;
  rules.push((request) => {
    const isOurs = request.headers['user-agent'] === 'airgap-bundle';
    if (hits >= times || isOurs !== ours || !which(request)) return undefined;
    hits++;
    return answer;
  });
  return () => hits;
}

const states = (result: TransferResult) =>
  result.images.flatMap((image) => image.placements.map(({ state, error }) => error ?? state));
const how = (): How => ({
  sourceHost: source.host,
  stallMs: 700,
  retryBudgetMs: 20_000,
  credential: { username: 'any', password: 'one' },
});

/** Each blob of the image as it was, and the tag. */
async function expectWhole({ image }: Sample): Promise<void> {
  const client = setting.client(target.registry.host);
  expect((await client.headManifest(repository, '1'))?.digest).toBe(image.root.digest);
  for (const [digest, bytes] of image.blobs)
    expect(await client.headBlob(repository, digest)).toBe(bytes.length);
}

describe.each<Mover>(['our client', 'oras'])('one fault that passes, met by %s', (mover) => {
  test.each(all)(
    '%s',
    async (_, fault) => {
      const hits = place(fault, mover);
      const result = await setting.run(
        setting.job(target.host, [[images[mover], `${repository}:1`]], how()),
        how(),
      );
      expect(states(result)).toEqual(['copied']);
      expect(hits()).toBe(fault.times ?? 1);
      await expectWhole(images[mover]);
    },
    15_000,
  );
});

test('a source that cuts every body is read through us, from where it was cut', async () => {
  source.rules.push((request) => (get(request) ? { cutAfter: 400_000 } : undefined));
  const result = await setting.run(
    setting.job(target.host, [[images.oras, `${repository}:1`]], how()),
    how(),
  );
  expect(states(result)).toEqual(['copied']);
  await expectWhole(images.oras);
  const ranges = source.requests.filter(({ headers }) => headers.range !== undefined);
  expect(ranges.length).toBeGreaterThan(5);
}, 15_000);

describe('a source that is read through us', () => {
  const isOurs = ({ headers }: FrontRequest) => headers['user-agent'] === 'airgap-bundle';
  const cutForOras = (request: FrontRequest): FrontAnswer | undefined =>
    get(request) && !isOurs(request) ? { cutAfter: 1_000 } : undefined;

  test.each<[string, number, string]>([
    ['that has lost a blob', 404, 'usage'],
    ['that lets nobody read a blob', 403, 'authentication'],
  ])('%s has failed for that reason, at once', async (_, status, expected) => {
    const [large = ''] = [...images.oras.image.blobs]
      .filter(([, { length }]) => length > mebibyte)
      .map(([digest]) => digest);
    source.rules.push(cutForOras, (request) =>
      get(request) && request.path.endsWith(large) ? { status } : undefined,
    );
    const result = await setting.run(
      setting.job(target.host, [[images.oras, `${repository}:1`]], how()),
      how(),
    );
    expect(states(result)).toMatchObject([{ class: expected }]);
  });

  test('and wants to be left alone, is waited for, and the target is not asked meanwhile', async () => {
    const client = setting.client(source.host, how());
    const failure = new AirgapError('transient', 'slower, please');
    let asked = 0;
    source.rules.push(cutForOras, (request) => {
      // Our own client asks for the manifest before each further process; the third reads through us.
      if (isOurs(request) && request.path.includes('/manifests/') && ++asked === 2)
        client.places.limited(new Transient(failure, { retryAfter: 1_000, isLimit: true }));
      return undefined;
    });
    target.clear();
    const origin = {
      kind: 'registries',
      locate: () => ({ client, repository: images.oras.name }),
    } as const;
    const result = await setting.run(
      setting.job(target.host, [[images.oras, `${repository}:1`]], { ...how(), origin }),
      how(),
    );
    expect(states(result)).toEqual(['copied']);
    const heads = target.requests.filter((request) => request.method === 'HEAD' && isOurs(request));
    expect(heads.length).toBeLessThan(12);
  });
});

describe('one fault that passes, met while a bundle is loaded', () => {
  test.each(Object.entries(writes))(
    '%s',
    async (_, fault) => {
      const tar = await layoutTar(setting.folder, [images.oras]);
      const origin = { ...tar, bundleRepository: `bundles/${repository}` };
      const hits = place({ at: 'target', ...fault }, 'oras');
      const result = await setting.run(
        setting.job(target.host, [[images.oras, `${repository}:1`]], { ...how(), origin }),
        how(),
      );
      await tar.close();
      expect(states(result)[0]).toMatch(/copied|placed/);
      expect(hits()).toBe(1);
      await expectWhole(images.oras);
    },
    15_000,
  );
});
