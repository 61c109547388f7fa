import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import { isPullThrough } from '../../src/plan/repositories.ts';
import { readGraph, unitsOf } from '../../src/transfer/units.ts';
import { buildImage, type SampleImage } from '../helpers/images.ts';

const platforms = ['linux/amd64', 'linux/arm64'];
const reader =
  ({ manifests }: SampleImage) =>
  async (digest: Digest) => {
    const found = manifests.find(({ descriptor }) => descriptor.digest === digest);
    if (found === undefined) throw new Error(`no ${digest}`);
    return { mediaType: found.descriptor.mediaType, bytes: found.bytes };
  };

async function units(sample: SampleImage, kind: 'registries' | 'layout') {
  const { digest, mediaType } = sample.root;
  const image = { source: 'x', digest, mediaType, placements: [] };
  return unitsOf(image, await readGraph(image, reader(sample)), 'm/x', kind);
}

describe('what one oras copies', () => {
  const sample = buildImage({ layers: ['shared'], platforms });
  const [amd64, arm64] = sample.manifests.map(({ descriptor }) => descriptor.digest);

  test('from registries: each image manifest by itself', async () => {
    const found = await units(sample, 'registries');
    expect(found.map(({ digest }) => digest)).toEqual([amd64, arm64]);
    expect(found.map(({ blobs }) => blobs.length)).toEqual([3, 3]);
    expect(found.map(({ documents }) => documents)).toEqual([[amd64], [arm64]]);
  });

  test('from a layout: the image as index.json lists it', async () => {
    const [whole, ...none] = await units(sample, 'layout');
    expect(none).toEqual([]);
    expect(whole?.digest).toBe(sample.root.digest);
    expect(whole?.blobs).toHaveLength(5);
    expect(whole?.documents).toHaveLength(3);
  });

  test('what is attached to another manifest is told, of the documents that oras follows', async () => {
    const [subject] = buildImage({ layers: ['other'] }).manifests;
    const attached = sample.manifests.map(({ descriptor, bytes }) => {
      if (descriptor.digest !== sample.root.digest) return { descriptor, bytes };
      const index = { ...JSON.parse(String(bytes)), subject: subject?.descriptor };
      return { descriptor, bytes: Buffer.from(JSON.stringify(index)) };
    });
    const index = { ...sample, manifests: attached };
    const [whole] = await units(index, 'layout');
    expect(whole?.hasSubject).toBe(true);
    const leaves = await units(index, 'registries');
    expect(leaves.map(({ hasSubject }) => hasSubject)).toEqual([false, false]);
  });

  test('a blob that an image has twice counts once', async () => {
    const [only] = await units(buildImage({ layers: ['same', 'same'] }), 'registries');
    expect(only?.blobs).toHaveLength(2);
  });

  test('a layer that is fetched from elsewhere is nothing to copy', async () => {
    const image = buildImage({ layers: ['windows', 'own'] });
    const [leaf] = image.manifests;
    const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    const text = leaf?.bytes.toString() ?? '';
    const bytes = Buffer.from(text.replace('application/vnd.oci.image.layer.v1.tar+gzip', foreign));
    const changed = { ...image, manifests: [{ descriptor: image.root, bytes }] };
    const [only] = await units(changed, 'registries');
    expect(only?.blobs).toHaveLength(2);
  });
});

describe('pull-through paths', () => {
  test.each([
    ['h/proxy', true],
    ['h/proxy/library/nginx', true],
    ['h/proxy2', false],
    ['h/other/proxy', false],
    ['h:5000/proxy', false],
  ])('%s is one: %s', (repository, expected) => {
    expect(isPullThrough(repository, ['h/proxy', 'x/y'])).toBe(expected);
  });
});
