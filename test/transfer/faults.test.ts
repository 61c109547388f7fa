import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { targetHeads } from '../../src/transfer/heads.ts';
import type { TransferResult } from '../../src/transfer/job.ts';
import { pushManifest } from '../helpers/images.ts';
import type { FrontRule } from '../helpers/proxy.ts';
import {
  manifestPuts,
  pushSample,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
  uploads,
} from './setting.ts';

let setting: Setting;
let target: Target;
let one: Sample;
let two: Sample;
beforeAll(async () => {
  setting = await startSetting();
  one = await setting.push('one', { layers: ['shared', 'one'] });
  two = await setting.push('two', { layers: ['shared', 'two'] });
});
afterAll(() => setting.stop());
beforeEach(async () => {
  target = await startTarget();
});
afterEach(() => target.stop());

const placements = (result: TransferResult) => result.images.flatMap((image) => image.placements);
const states = (result: TransferResult) => placements(result).map(({ state }) => state);
const errors = (result: TransferResult) =>
  placements(result).flatMap(({ error }) => (error ? [error] : []));
const digestAt = async (repository: string, tag: string) =>
  (await setting.client(target.host).headManifest(repository, tag))?.digest;

/** Answers what matches, as a registry in the field would. */
const answering =
  (method: string, path: RegExp, status: number, code: string): FrontRule =>
  (request) =>
    request.method === method && path.test(request.path)
      ? {
          status,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ errors: [{ code, message: 'so it is configured' }] }),
        }
      : undefined;

describe('a target that refuses mounts', () => {
  test.each([
    ['by opening an upload', 0],
    ['with 405', 405],
    ['with 403', 403],
  ])('%s gets each blob once a repository', async (_, status) => {
    // Without its query a mount is the start of an upload, which is how registries refuse it.
    if (status === 0) target.rules.push(asPlainUpload(target));
    else target.rules.push(answering('POST', /mount=/, status, 'UNSUPPORTED'));
    const result = await setting.run(
      setting.job(target.host, [
        [one, 'm/one:1', 'm/library/one:1'],
        [two, 'm/two:1'],
      ]),
    );
    expect(states(result)).toEqual(['copied', 'copied', 'copied']);
    expect(await digestAt('m/library/one', '1')).toBe(one.image.root.digest);
    const sent = uploads(target.requests, true);
    expect(Object.keys(sent)).toHaveLength(9);
    expect(new Set(Object.values(sent))).toEqual(new Set([1]));
  });
});

describe('a failure ends its image only', () => {
  test('a repository that may not be pushed to, asked once and before any byte', async () => {
    target.rules.push(answering('POST', /^\/v2\/closed\//, 403, 'DENIED'));
    const result = await setting.run(
      setting.job(target.host, [
        [one, 'closed/one:1'],
        [two, 'open/two:1'],
      ]),
    );
    expect(states(result)).toEqual(['failed', 'copied']);
    expect(errors(result)).toMatchObject([{ class: 'refused' }]);
    expect(await digestAt('open/two', '1')).toBe(two.image.root.digest);
    const asked = target.requests.filter(
      ({ method, path }) => method === 'POST' && path.startsWith('/v2/closed/'),
    );
    expect(asked.filter(({ path }) => !path.includes('mount='))).toHaveLength(1);
  });

  test('what the next image shares with it is brought by that image', async () => {
    const rule = answering('PUT', /^\/v2\/full\/.*uploads/, 507, 'QUOTA');
    target.rules.push(rule);
    const result = await setting.run(
      setting.job(target.host, [
        [one, 'full/one:1'],
        [two, 'open/two:1'],
      ]),
    );
    expect(states(result)).toEqual(['failed', 'copied']);
    expect(errors(result)).toMatchObject([{ class: 'refused' }]);
  });

  test('an image that the source does not have any more', async () => {
    const gone: Sample = { name: 'elsewhere', image: one.image };
    const result = await setting.run(
      setting.job(target.host, [
        [gone, 'm/gone:1'],
        [two, 'm/two:1'],
      ]),
    );
    expect(states(result)).toEqual(['failed', 'copied']);
    expect(errors(result)).toMatchObject([{ class: 'usage' }]);
    expect(setting.events).toContainEqual(
      expect.objectContaining({ kind: 'image', image: 'elsewhere', state: 'failed' }),
    );
  });
});

describe('tags', () => {
  test('that hold another image are moved', async () => {
    await pushSample(target.host, 'm/x', two.image);
    await pushTag('m/x', '1', two);
    const result = await setting.run(setting.job(target.host, [[one, 'm/x:1']]));
    expect(states(result)).toEqual(['copied']);
    expect(await digestAt('m/x', '1')).toBe(one.image.root.digest);
  });

  test.each([409, 412])(
    'that are immutable (%i) stay, and both digests are named',
    async (status) => {
      await pushSample(target.host, 'm/x', two.image);
      await pushTag('m/x', '1', two);
      target.rules.push(answering('PUT', /\/manifests\/1$/, status, 'IMMUTABLE'));
      const result = await setting.run(setting.job(target.host, [[one, 'm/x:1']]));
      expect(errors(result)).toMatchObject([
        {
          class: 'refused',
          given: expect.stringContaining(two.image.root.digest),
          expected: one.image.root.digest,
        },
      ]);
      expect(await digestAt('m/x', '1')).toBe(two.image.root.digest);
    },
  );

  test('are read back after they were put', async () => {
    // A registry that says 201 and keeps nothing.
    target.rules.push(answering('PUT', /\/manifests\/1$/, 201, 'OK'));
    const result = await setting.run(setting.job(target.host, [[one, 'm/x:1']]));
    expect(errors(result)).toMatchObject([{ class: 'integrity', expected: one.image.root.digest }]);
  });
});

describe('what an earlier push has left', () => {
  test('a manifest without its layer is healed before anything is tagged', async () => {
    await pushSample(target.host, 'm/one', one.image);
    const [layer = ''] = [...one.image.blobs.keys()].slice(-1);
    const deleted = await fetch(`http://${target.host}/v2/m/one/blobs/${layer}`, {
      method: 'DELETE',
    });
    expect(deleted.status).toBe(202);
    target.clear();
    const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]));
    expect(states(result)).toEqual(['copied']);
    expect(uploads(target.requests)).toEqual({ [layer]: 1 });
  });

  test('a layer that is gone from under an image that is there is not built upon', async () => {
    await pushSample(target.host, 'm/x', one.image);
    await pushTag('m/x', '1', one);
    const shared = [...one.image.blobs.keys()].find((digest) => two.image.blobs.has(digest)) ?? '';
    await fetch(`http://${target.host}/v2/m/x/blobs/${shared}`, { method: 'DELETE' });
    const result = await setting.run(
      setting.job(target.host, [
        [one, 'm/x:1'],
        [two, 'm/x:2', 'm/y:2'],
      ]),
    );
    expect(states(result)).toEqual(['there', 'copied', expect.stringMatching(/copied|placed/)]);
    expect((await fetch(`http://${target.host}/v2/m/x/blobs/${shared}`)).status).toBe(200);
  });

  test('all blobs without a manifest: nothing is uploaded', async () => {
    await pushSample(target.host, 'm/one', one.image);
    target.clear();
    const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]));
    expect(states(result)).toEqual(['placed']);
    expect(uploads(target.requests)).toEqual({});
    expect(manifestPuts(target.requests, 'm/one').at(-1)).toBe('1');
  });
});

describe('faults that pass', () => {
  test('an upload that is cut once', async () => {
    let cuts = 1;
    target.rules.push(({ method, path }) =>
      method === 'PUT' && path.includes('/uploads/') && cuts-- > 0 ? 'reset' : undefined,
    );
    const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]));
    expect(states(result)).toEqual(['copied']);
  });
});

describe('pull-through caches', () => {
  test('are proved by a HEAD and never written', async () => {
    await pushSample(target.host, 'hub/one', one.image);
    await pushTag('hub/one', '1', one);
    await pushTag('hub/one', 'moved', one);
    target.clear();
    const result = await setting.run(
      setting.job(
        target.host,
        [
          [one, 'hub/one:1', 'hub/none:1'],
          [two, 'hub/one:moved'],
        ],
        { pullThrough: [`${target.host}/hub`] },
      ),
    );
    expect(states(result)).toEqual(['proved', 'failed', 'failed']);
    expect(errors(result).map((error) => error.class)).toEqual(['refused', 'integrity']);
    expect(target.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'HEAD']);
  });
});

describe('a light bundle', () => {
  test('is checked by HEADs alone; what is missing has failed', async () => {
    await pushSample(target.host, 'm/one', one.image);
    await pushTag('m/one', '1', one);
    target.clear();
    const job = setting.job(target.host, [
      [one, 'm/one:1'],
      [two, 'm/two:1', 'm/one:1'],
    ]);
    const result = await targetHeads(job);
    expect(states(result)).toEqual(['there', 'failed', 'failed']);
    expect(errors(result)[1]?.given).toContain(one.image.root.digest);
    expect(new Set(target.requests.map(({ method }) => method))).toEqual(new Set(['HEAD']));
  });
});

async function pushTag(repository: string, tag: string, { image }: Sample): Promise<void> {
  const root = image.manifests.at(-1);
  if (root === undefined) throw new Error('no root');
  await pushManifest(target.host, repository, tag, root.descriptor.mediaType, root.bytes);
}

/** A registry that opens an upload session for each mount. */
function asPlainUpload({ registry }: Target): FrontRule {
  return async ({ method, path }) => {
    if (method !== 'POST' || !path.includes('mount=')) return undefined;
    const opened = await fetch(`http://${registry.host}${path.replace(/\?.*/, '')}`, { method });
    return { status: 202, headers: { location: opened.headers.get('location') ?? '' } };
  };
}
