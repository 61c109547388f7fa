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

/** A manifest that is attached to one that no registry here has. */
function attached(): Sample {
  const { manifests, blobs } = buildImage({ layers: [Buffer.alloc(2 * 1024 * 1024, 'sbom')] });
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
    const sample = attached();
    await pushSample(setting.source.host, sample.name, sample.image);
    const tar = await layoutTar(setting.folder, [sample]);
    const origin = { ...tar, bundleRepository: 'bundles/attached' };
    const how = verb === 'load' ? { origin } : {};
    const job = setting.job(target.host, [[sample, `${verb}/sbom:1`]], how);
    const [document] = sample.image.manifests;
    const manifest = async () => ({
      mediaType: sample.image.root.mediaType,
      bytes: document?.bytes ?? Buffer.alloc(0),
    });
    const { images } = await setting.run({ ...job, manifest });
    await tar.close();
    expect(images[0]?.placements).toMatchObject([{ state: 'copied' }]);
    const found = await setting.client(target.host).headManifest(`${verb}/sbom`, '1');
    expect(found?.digest).toBe(sample.image.root.digest);
  },
);
