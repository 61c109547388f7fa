import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { referrersTag } from '../../src/oci/referrers.ts';
import { buildImage, pushImage, pushManifest } from '../helpers/images.ts';
import {
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
});
beforeEach(async () => {
  await target?.stop();
  target = await startTarget();
});
afterAll(async () => {
  await target.stop();
  await setting.stop();
});

const image = buildImage({ layers: ['app'] });
const list = referrersTag(image.root.digest);
const annotations = { 'org.example.made': 'today' };

/** Attached to the image, with a type and annotations. */
function attached(content: string): Sample {
  const { manifests, blobs } = buildImage({ layers: [content] });
  const document = JSON.parse(String(manifests[0]?.bytes));
  const more = { subject: image.root, artifactType: 'application/spdx+json', annotations };
  const bytes = Buffer.from(JSON.stringify({ ...document, ...more }));
  const root = { mediaType: ociManifest, digest: digestOf(bytes), size: bytes.length };
  return { name: content, image: { root, blobs, manifests: [{ descriptor: root, bytes }] } };
}

function entryOf({ image: { root } }: Sample): Descriptor {
  return { ...root, annotations, artifactType: 'application/spdx+json' };
}

async function mirror(...samples: readonly Sample[]) {
  for (const { name, image } of samples) await pushSample(setting.source.host, name, image);
  const job = setting.job(
    target.host,
    samples.map((one) => [one, `app:airgap-${one.name}`]),
  );
  const documents = samples.flatMap((one) => one.image.manifests);
  const { images } = await setting.run({
    ...job,
    manifest: async (digest) => {
      const found = documents.find(({ descriptor }) => descriptor.digest === digest);
      return { mediaType: ociManifest, bytes: found?.bytes ?? Buffer.alloc(0) };
    },
  });
  return images.flatMap(({ placements }) => placements);
}

async function listAt(): Promise<{ manifests: Descriptor[] } & Record<string, unknown>> {
  const found = await setting.client(target.host).getManifest('app', list);
  return JSON.parse(String(found?.bytes ?? '{"manifests":[]}'));
}

async function putList(manifests: readonly object[], more = {}): Promise<void> {
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests, ...more };
  const bytes = Buffer.from(JSON.stringify(index));
  await pushManifest(target.registry.host, 'app', list, ociIndex, bytes);
}

const [one, two, three] = ['one', 'two', 'three'].map(attached) as [Sample, Sample, Sample];
const digests = (of: readonly { digest: string }[]) => of.map(({ digest }) => digest).toSorted();

describe('what is attached is listed under the tag of its subject', () => {
  test('with its type and annotations, before its own tag is put', async () => {
    expect(await mirror(one)).toMatchObject([{ state: 'copied' }]);
    expect(await listAt()).toEqual({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [entryOf(one)],
    });
    const puts = target.requests
      .filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
      .map(({ path }) => path.split('/').at(-1));
    expect(puts).toEqual([one.image.root.digest, list, 'airgap-one']);
  });

  test('several at once, none lost', async () => {
    target.rules.push(async ({ method, path }) => {
      if (method === 'GET' && path.endsWith(list)) await sleep(50);
      return undefined;
    });
    await mirror(one, two, three);
    // One after the other, so that nothing has to be done again.
    const asked = target.requests.filter(({ path }) => path.endsWith(list));
    expect(asked.map(({ method }) => method)).toEqual(Array(3).fill(['GET', 'PUT', 'GET']).flat());
    expect(digests((await listAt()).manifests)).toEqual(digests([one, two, three].map(entryOf)));
  });

  test('beside what others have put there, and their fields', async () => {
    const theirs = await pushImage(target.registry.host, 'app', 'theirs', { layers: ['theirs'] });
    const entry = { ...theirs, annotations: { by: 'them' } };
    await putList([entry], { annotations: { kept: 'yes' } });
    await mirror(one);
    expect(await listAt()).toMatchObject({
      annotations: { kept: 'yes' },
      manifests: [entry, entryOf(one)],
    });
  });

  test('once, and not written again where it stands', async () => {
    await mirror(one);
    target.clear();
    await mirror(one, two);
    await mirror(one, two);
    const puts = target.requests.filter(
      ({ method, path }) => method === 'PUT' && path.endsWith(list),
    );
    expect(puts).toHaveLength(1);
    expect((await listAt()).manifests).toHaveLength(2);
  });

  test('again where another writer has overwritten it meanwhile', async () => {
    const theirs = await pushImage(target.registry.host, 'app', 'theirs', { layers: ['theirs'] });
    let reads = 0;
    target.rules.push(async ({ method, path }) => {
      if (method === 'GET' && path.endsWith(list) && ++reads === 2) await putList([theirs]);
      return undefined;
    });
    expect(await mirror(one)).toMatchObject([{ state: 'copied' }]);
    expect(digests((await listAt()).manifests)).toEqual(digests([theirs, entryOf(one)]));
  });

  test('without an entry of which the target has nothing any more', async () => {
    const gone = { mediaType: ociManifest, digest: digestOf(Buffer.from('gone')), size: 4 };
    // Distribution looks whether entries are there: as after its garbage collector.
    target.rules.push(({ method, path }) => {
      if (method !== 'GET' || !path.endsWith(list) || isListed) return undefined;
      const body = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [gone] });
      isListed = true;
      return { status: 200, headers: { 'content-type': ociIndex }, body };
    });
    let isListed = false;
    expect(await mirror(one)).toMatchObject([{ state: 'copied' }]);
    expect((await listAt()).manifests).toEqual([entryOf(one)]);
  });
});

test('a registry that says OCI-Subject lists by itself: no tag is written', async () => {
  target.rules.push(({ method, path }) => {
    if (method !== 'PUT' || !path.includes('/manifests/sha256:')) return undefined;
    return { status: 201, headers: { 'oci-subject': image.root.digest } };
  });
  expect(await mirror(one)).toMatchObject([{ state: 'copied' }]);
  expect(target.requests.some(({ path }) => path.endsWith(list))).toBe(false);
});

test('an image under that tag is not overwritten: the placement is refused', async () => {
  await pushImage(target.registry.host, 'app', list, { layers: ['theirs'] });
  const [placement] = await mirror(one);
  expect(placement).toMatchObject({ state: 'failed', error: { class: 'refused' } });
  expect(placement?.error?.message).toContain(`app:${list} is no list of what is attached`);
});

test('a writer who never lets it stand is told of', async () => {
  const theirs = await pushImage(target.registry.host, 'app', 'theirs', { layers: ['theirs'] });
  target.rules.push(async ({ method, path }) => {
    if (method === 'GET' && path.endsWith(list)) await putList([theirs]);
    return undefined;
  });
  const [placement] = await mirror(one);
  expect(placement).toMatchObject({ state: 'failed', error: { class: 'integrity' } });
});
