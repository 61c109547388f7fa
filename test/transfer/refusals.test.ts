import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TransferResult } from '../../src/transfer/job.ts';
import { pushManifest } from '../helpers/images.ts';
import type { FrontRule } from '../helpers/proxy.ts';
import {
  layoutTar,
  manifestPuts,
  pushSample,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
} from './setting.ts';

const mebibyte = 1024 * 1024;

let setting: Setting;
let target: Target;
let small: Sample;
let large: Sample;
let other: Sample;
beforeAll(async () => {
  setting = await startSetting();
  target = await startTarget();
  small = await setting.push('small', { layers: ['shared', 'small'] });
  large = await setting.push('large', { layers: ['shared', Buffer.alloc(2 * mebibyte, 'l')] });
  other = await setting.push('other', { layers: ['other', Buffer.alloc(2 * mebibyte, 'o')] });
});
afterAll(async () => {
  await target.stop();
  await setting.stop();
});
let number = 0;
let closed: string;
let open: string;
beforeEach(() => {
  target.rules.length = 0;
  target.clear();
  closed = `closed-${++number}/x`;
  open = `open-${number}/x`;
});

const placements = (result: TransferResult) => result.images.flatMap((image) => image.placements);
const states = (result: TransferResult) => placements(result).map(({ state }) => state);
const errors = (result: TransferResult) =>
  placements(result).flatMap(({ error }) => (error ? [error] : []));
/** Writes; a mount that is not done is no refusal. */
const refused = (status: number) =>
  target.requests.filter(
    (one) => one.status === status && one.method !== 'HEAD' && !one.path.includes('mount='),
  );

const answering =
  (method: string, path: RegExp, status: number, code: string): FrontRule =>
  (request) =>
    request.method === method && path.test(request.path)
      ? { status, body: JSON.stringify({ errors: [{ code, message: 'so it is configured' }] }) }
      : undefined;

const refusals: [string, string, RegExp, number][] = [
  ['a full disk', 'PUT', /^\/v2\/closed.*\/uploads\//, 507],
  ['a quota', 'PUT', /^\/v2\/closed.*\/uploads\//, 403],
  ['too large a body', 'PUT', /^\/v2\/closed.*\/uploads\//, 413],
  ['a repository that must be made first', 'POST', /^\/v2\/closed/, 404],
  ['a repository that is read-only', 'POST', /^\/v2\/closed/, 405],
];

describe('what a target refuses for good is asked twice at most, and all else is done', () => {
  test.each(refusals)('%s, in mirror', async (_, method, path, status) => {
    target.rules.push(answering(method, path, status, 'NO'));
    const result = await setting.run(
      setting.job(target.host, [
        [small, `${closed}:1`],
        [large, `${closed}:2`],
        [other, `${closed}:3`, `${open}:3`],
      ]),
    );
    expect(states(result)).toEqual(['failed', 'failed', 'failed', 'copied']);
    for (const error of errors(result)) {
      expect(error.class).toBe('refused');
      expect(error.given).toContain('so it is configured');
    }
    expect(refused(status).length).toBeLessThanOrEqual(2);
  });

  test.each(refusals)('%s, in load', async (_, method, path, status) => {
    target.rules.push(answering(method, path, status, 'NO'));
    const tar = await layoutTar(setting.folder, [large, other]);
    const origin = { ...tar, bundleRepository: `closed-bundles/${number}` };
    const result = await setting.run(
      setting.job(
        target.host,
        [
          [large, `${closed}:2`],
          [other, `${closed}:3`, `${open}:3`],
        ],
        { origin },
      ),
    );
    await tar.close();
    expect(states(result)).toEqual(['failed', 'failed', 'copied']);
    const inClosed = refused(status).filter((one) => one.path.startsWith(`/v2/${closed}/`));
    expect(inClosed.length).toBeLessThanOrEqual(2);
  });

  test('tags that may not move: both digests are named, one is tried', async () => {
    await pushTags(closed, ['1', '2', '3']);
    target.rules.push(({ method, path }) =>
      method === 'PUT' && /\/manifests\/\d$/.test(path) ? { status: 412 } : undefined,
    );
    const tags = ['1', '2', '3'].map((tag) => `${closed}:${tag}`);
    const result = await setting.run(setting.job(target.host, [[small, ...tags]]));
    expect(states(result)).toEqual(['failed', 'failed', 'failed']);
    for (const error of errors(result)) {
      expect(error).toMatchObject({ class: 'refused', expected: small.image.root.digest });
      expect(error.given).toContain(other.image.root.digest);
    }
    expect(refused(412)).toHaveLength(1);
  });
});

/** Tags that hold another image. */
async function pushTags(repository: string, tags: readonly string[]): Promise<void> {
  await pushSample(target.registry.host, repository, other.image);
  const root = other.image.manifests.at(-1);
  if (root === undefined) throw new Error('no root');
  for (const tag of tags)
    await pushManifest(
      target.registry.host,
      repository,
      tag,
      root.descriptor.mediaType,
      root.bytes,
    );
}

describe('a tag that is refused for a reason of its own does not speak for the others', () => {
  test.each<[string, number, string, string]>([
    ['a manifest that the registry does not take', 400, 'MANIFEST_INVALID', 'refused'],
    ['a right that is asked for by tag', 401, 'UNAUTHORIZED', 'authentication'],
  ])('%s', async (_, status, code, expected) => {
    await pushTags(open, ['1', '2']);
    target.rules.push(answering('PUT', /\/manifests\/1$/, status, code));
    const result = await setting.run(
      setting.job(target.host, [[small, ...['1', '2'].map((tag) => `${open}:${tag}`)]]),
    );
    expect(states(result).toSorted()).toEqual(['copied', 'failed']);
    expect(errors(result)).toMatchObject([{ class: expected }]);
  });

  test('content that the target has lost is put again, and the tag moves', async () => {
    await pushTags(open, ['1']);
    let left = 1;
    target.rules.push(({ method, path }) =>
      method === 'PUT' && path.endsWith('/manifests/1') && left-- > 0
        ? { status: 404, body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}' }
        : undefined,
    );
    const result = await setting.run(setting.job(target.host, [[small, `${open}:1`]]));
    expect(errors(result)).toEqual([]);
    expect(left).toBe(-1);
  });
});

describe('a manifest that is refused because the target lacks what it names', () => {
  test.each<['our client' | 'oras']>([['our client'], ['oras']])(
    'is put once more, with all of it, by %s',
    async (mover) => {
      let left = 1;
      target.rules.push((request) => {
        if (request.method !== 'PUT' || !request.path.includes('/manifests/')) return undefined;
        if ((request.headers['user-agent'] === 'airgap-bundle') !== (mover === 'our client'))
          return undefined;
        return left-- > 0
          ? { status: 404, body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}' }
          : undefined;
      });
      const image = mover === 'oras' ? large : small;
      const result = await setting.run(setting.job(target.host, [[image, `${open}:1`]]));
      expect(states(result)).toEqual([expect.stringMatching(/copied|placed/)]);
      expect(left).toBeLessThan(1);
    },
  );

  test('for ever is refused, after two', async () => {
    target.rules.push(answering('PUT', /\/manifests\//, 404, 'MANIFEST_BLOB_UNKNOWN'));
    const result = await setting.run(setting.job(target.host, [[small, `${open}:1`]]));
    expect(errors(result)).toMatchObject([{ class: 'refused' }]);
    expect(manifestPuts(target.requests, open)).toHaveLength(2);
  });
});
