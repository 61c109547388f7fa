import { open, rename, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LayoutOrigin, TransferResult } from '../../src/transfer/job.ts';
import type { FrontRule } from '../helpers/proxy.ts';
import {
  layoutTar,
  mounts,
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
let multi: Sample;
let origin: LayoutOrigin & { close(): Promise<void> };
beforeAll(async () => {
  setting = await startSetting();
  one = await setting.push('one', { layers: ['shared', 'one'] });
  two = await setting.push('two', { layers: ['shared', 'two'] });
  multi = await setting.push('multi', {
    layers: ['shared'],
    platforms: ['linux/amd64', 'linux/arm64'],
  });
  origin = await layoutTar(setting.folder, [one, two, multi]);
});
afterAll(async () => {
  await origin.close();
  await setting.stop();
});
beforeEach(async () => {
  target = await startTarget();
});
afterEach(() => target.stop());

const states = (result: TransferResult) =>
  result.images.map(({ placements }) => placements.map(({ state }) => state));
const notes = () =>
  setting.events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
const blobs = () => new Map([one, two, multi].flatMap(({ image }) => [...image.blobs]));
const sizes = () => [...blobs().values()].reduce((sum, { length }) => sum + length, 0);
const smallBlobPuts = 1;

const job = (from: LayoutOrigin = origin) =>
  setting.job(
    target.host,
    [
      [one, 'airgap/docker.io/one:1', 'airgap/docker.io/library/one:1'],
      [two, 'airgap/two:1', 'other/two:1'],
      [multi, 'airgap/multi:1'],
    ],
    { origin: from },
  );

async function expectAllPlaced(): Promise<void> {
  for (const { digest, placements } of job().images)
    for (const reference of placements) {
      const [repository = '', tag = ''] = reference.slice(target.host.length + 1).split(':');
      const found = await setting.client(target.host).headManifest(repository, tag);
      expect(found?.digest, reference).toBe(digest);
    }
}

describe('load from a layout in a tar', () => {
  test('where mounts work, sends every blob once, into the bundle repository', async () => {
    const result = await setting.run(job());
    expect(states(result)).toEqual([['placed', 'placed'], ['placed', 'placed'], ['placed']]);
    await expectAllPlaced();
    expect(notes()).toEqual([`images are mounted from ${target.host}/airgap/bundles/sample`]);
    const byOras = target.requests.filter(({ headers }) =>
      /oras/.test(headers['user-agent'] ?? ''),
    );
    expect(byOras.length).toBeGreaterThan(0);
    expect(byOras.filter(({ path }) => !path.includes('/bundles/sample/'))).toEqual([]);
    const sent = uploads(target.requests, true);
    const small = `airgap/bundles/sample@${origin.smallBlob.digest}`;
    expect(Object.keys(sent).sort()).toEqual(
      [...blobs().keys()].map((digest) => `airgap/bundles/sample@${digest}`).sort(),
    );
    expect(sent[small]).toBe(smallBlobPuts);
    expect(result.bytesSent).toBe(sizes() - origin.smallBlob.bytes.length);
    expect(mounts(target.requests).length).toBeGreaterThan(0);
    const bundle = await setting.client(target.host).headManifest('airgap/bundles/sample', '1.0.0');
    expect(bundle?.digest).toBe(origin.roots[0]?.digest);

    target.clear();
    expect(states(await setting.run(job())).flat()).toEqual(Array(5).fill('there'));
    expect(target.requests.map(({ method }) => method)).toEqual(Array(5).fill('HEAD'));
  });

  test('where the bundle is not there when oras is done, brings every image', async () => {
    const lost = /^\/v2\/airgap\/bundles\/sample\/manifests\/1\.0\.0$/;
    target.rules.push(({ method, path }) =>
      method === 'HEAD' && lost.test(path) ? { status: 404 } : undefined,
    );
    await setting.run(job());
    await expectAllPlaced();
    const at = `${target.host}/airgap/bundles/sample`;
    const why = `no tag 1.0.0 in ${at}`;
    expect(notes()).toEqual([
      `images are copied one by one: ${at} does not take the bundle as a whole (${why})`,
    ]);
  });

  test('where mounts are refused, copies image by image, each blob once a repository', async () => {
    target.rules.push(refusing('POST', /mount=/, 405));
    const result = await setting.run(job());
    expect(states(result)).toEqual([['copied', 'copied'], ['copied', 'copied'], ['copied']]);
    await expectAllPlaced();
    expect(notes()).toEqual([expect.stringMatching(/one by one: .* refuses mounts/)]);
    const sent = uploads(target.requests, true);
    // Three blobs in four repositories, and in `multi` a shared layer with two configs and two layers.
    expect(Object.keys(sent).filter((key) => !key.includes('/bundles/'))).toHaveLength(4 * 3 + 5);
    expect(new Set(Object.values(sent))).toEqual(new Set([1]));
    const bundle = await setting.client(target.host).headManifest('airgap/bundles/sample', '1.0.0');
    expect(bundle).toBeUndefined();
  });

  test('where the root index is refused, mounts what arrived with it', async () => {
    target.rules.push(refusing('PUT', /^\/v2\/airgap\/bundles\/sample\/manifests\/1\.0\.0$/, 400));
    target.rules.push(
      refusing('PUT', new RegExp(`/bundles/sample/manifests/${origin.roots[0]?.digest}`), 400),
    );
    const result = await setting.run(job());
    expect(states(result).flat()).toEqual(Array(5).fill('placed'));
    await expectAllPlaced();
    expect(notes()).toEqual([
      expect.stringMatching(/one by one: .* does not take the bundle as a whole/),
    ]);
    const sent = uploads(target.requests, true);
    expect(new Set(Object.values(sent))).toEqual(new Set([1]));
  });

  test('where the bundle repository may not be written, copies image by image', async () => {
    target.rules.push(refusing('POST', /^\/v2\/airgap\/bundles\//, 403));
    const result = await setting.run(job());
    expect(states(result).flat()).not.toContain('failed');
    await expectAllPlaced();
    expect(notes()).toEqual([expect.stringMatching(/one by one: .* cannot be pushed to/)]);
    const sent = Object.values(uploads(target.requests));
    expect(new Set(sent)).toEqual(new Set([1]));
  });

  test('one blob that is refused for good costs only the images that contain it', async () => {
    const only = [...two.image.blobs.keys()].find((digest) => !one.image.blobs.has(digest)) ?? '';
    const pattern = new RegExp(`uploads/.*${encodeURIComponent(only)}`);
    target.rules.push(refusing('PUT', pattern, 413));
    const result = await setting.run(job());
    expect(states(result)).toEqual([
      [expect.stringMatching(/copied|placed/), expect.stringMatching(/copied|placed/)],
      ['failed', 'failed'],
      [expect.stringMatching(/copied|placed/)],
    ]);
  });

  test('reads the file that was opened, whatever lies at its path now', async () => {
    const own = await layoutTar(setting.folder, [one, two, multi]);
    await rename(own.file.path, `${own.file.path}.moved`);
    await writeFile(own.file.path, 'something else');
    const result = await setting.run(job(own));
    expect(states(result).flat()).not.toContain('failed');
    await expectAllPlaced();
    await own.close();
  });

  test('a damaged layer is refused, and nothing is tagged with it', async () => {
    const own = await layoutTar(setting.folder, [one]);
    const file = await open(own.file.path, 'r+');
    const content = await file.readFile();
    const layer = [...one.image.blobs.values()].at(-1) as Buffer;
    await file.write(Buffer.from('!'), 0, 1, content.indexOf(layer) + layer.length - 1);
    await file.close();
    const result = await setting.run(
      setting.job(target.host, [[one, 'airgap/one:1']], { origin: own }),
    );
    expect(result.images[0]?.placements[0]).toMatchObject({
      state: 'failed',
      error: { class: 'integrity' },
    });
    expect(await setting.client(target.host).headManifest('airgap/one', '1')).toBeUndefined();
    await own.close();
  });
});

function refusing(method: string, path: RegExp, status: number): FrontRule {
  return (request) =>
    request.method === method && path.test(request.path) ? { status } : undefined;
}
