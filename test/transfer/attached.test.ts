import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { buildImage } from '../helpers/images.ts';
import {
  layoutTar,
  pushSample,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
} from './setting.ts';

let setting: Setting;
let target: Target;
beforeAll(async () => {
  setting = await startSetting();
  target = await startTarget();
});
afterAll(async () => {
  await target.stop();
  await setting.stop();
});

const mebibyte = 1024 * 1024;

/** A manifest that is attached to one that no registry here has. */
function attached(layers: readonly Buffer[]): Sample {
  const { manifests, blobs } = buildImage({ layers, opaque: true });
  const [only] = manifests;
  const subject = { mediaType: 'any/manifest', digest: digestOf(Buffer.from('gone')), size: 4 };
  const document = { ...JSON.parse(String(only?.bytes)), subject };
  const bytes = Buffer.from(JSON.stringify(document));
  const mediaType = only?.descriptor.mediaType ?? '';
  const root = { mediaType, digest: digestOf(bytes), size: bytes.length };
  return { name: 'sbom', image: { root, blobs, manifests: [{ descriptor: root, bytes }] } };
}

test.each(['mirror', 'load'])(
  'an artifact whose subject does not travel arrives as it is, by %s',
  async (verb) => {
    const sample = attached([Buffer.alloc(2 * mebibyte, 'sbom')]);
    await pushSample(setting.source.host, sample.name, sample.image);
    const tar = await layoutTar(setting.folder, [sample]);
    const origin = { ...tar, bundleRepository: 'bundles/attached' };
    const how = verb === 'load' ? { origin } : {};
    const job = setting.job(target.host, [[sample, `${verb}/sbom:1`]], how);
    const { images } = await setting.run({ ...job, manifest: manifestOf(sample) });
    await tar.close();
    expect(images[0]?.placements).toMatchObject([{ state: 'copied' }]);
    const found = await setting.client(target.host).headManifest(`${verb}/sbom`, '1');
    expect(found?.digest).toBe(sample.image.root.digest);
  },
);

test('its large blobs are in memory two at a time', async () => {
  const layers = ['a', 'b', 'c', 'd', 'e'].map((content) => Buffer.alloc(2 * mebibyte, content));
  const sample = attached(layers);
  await pushSample(setting.source.host, sample.name, sample.image);
  let now = 0;
  const atOnce: number[] = [];
  target.rules.push(async ({ method, headers }) => {
    if (method !== 'PUT' || Number(headers['content-length']) < mebibyte) return undefined;
    atOnce.push(++now);
    await sleep(30);
    now--;
    return undefined;
  });
  const job = setting.job(target.host, [[sample, 'many/sbom:1']]);
  const { images } = await setting.run({ ...job, manifest: manifestOf(sample) });
  expect(images[0]?.placements).toMatchObject([{ state: 'copied' }]);
  expect(atOnce).toHaveLength(layers.length);
  expect(Math.max(...atOnce)).toBe(2);
});

function manifestOf({ image: { root, manifests } }: Sample) {
  const bytes = manifests[0]?.bytes ?? Buffer.alloc(0);
  return async () => ({ mediaType: root.mediaType, bytes });
}
