import { describe, expect, test } from 'vitest';
import { layoutFiles, rootIndexes } from '../../src/bundle/oci-layout.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { dockerManifest, ociIndex, ociManifest } from '../../src/oci/media-types.ts';

const leaf = (name: string, mediaType: string = ociManifest) => ({
  mediaType,
  digest: digestOf(Buffer.from(name)),
  size: name.length,
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
});
const read = (bytes: Buffer | undefined) => JSON.parse(String(bytes));

describe('index.json', () => {
  const { platform: _, ...manifest } = leaf('image');
  test.each([
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['nginx', 'docker.io/library/nginx:latest'],
    ['quay.io/a/b:1', 'quay.io/a/b:1'],
    [`a@${manifest.digest}`, `docker.io/library/a@${manifest.digest}`],
  ])('names %s as containerd does: %s', (source, name) => {
    const files = layoutFiles([{ source, ...manifest }], []);
    expect(read(files.get('index.json')).manifests).toEqual([
      {
        ...manifest,
        annotations: {
          'org.opencontainers.image.ref.name': source,
          'io.containerd.image.name': name,
        },
      },
    ]);
  });

  test('has the root indexes last and without a name', () => {
    const root = { mediaType: ociIndex, digest: digestOf(Buffer.from('root')), size: 4 };
    const files = layoutFiles([{ source: 'a:1', ...manifest }], [root]);
    expect(read(files.get('index.json')).manifests[1]).toEqual(root);
    expect(read(files.get('oci-layout'))).toEqual({ imageLayoutVersion: '1.0.0' });
  });
});

describe('the root index', () => {
  test('lists each image manifest once, with its platform and nothing else', () => {
    const annotated = { ...leaf('one'), annotations: { a: 'b' }, artifactType: 'c' };
    const [root, ...more] = rootIndexes([annotated, leaf('two', dockerManifest), leaf('one')]);
    expect(more).toEqual([]);
    expect(root?.descriptor).toEqual({
      mediaType: ociIndex,
      digest: digestOf(root?.bytes ?? Buffer.alloc(0)),
      size: root?.bytes.length,
    });
    const { manifests, ...index } = read(root?.bytes);
    expect(index).toEqual({ schemaVersion: 2, mediaType: ociIndex });
    expect(manifests).toHaveLength(2);
    expect(manifests).toEqual(expect.arrayContaining([leaf('one'), leaf('two', dockerManifest)]));
  });

  test('is the same whatever the order of the images', () => {
    const leaves = ['a', 'b', 'c', 'd'].map((name) => leaf(name));
    expect(rootIndexes(leaves.toReversed())).toEqual(rootIndexes(leaves));
  });

  test('gives a manifest without a platform an unknown one', () => {
    const { platform: _, ...artifact } = leaf('artifact');
    const [root] = rootIndexes([artifact]);
    expect(read(root?.bytes).manifests[0].platform).toEqual({
      os: 'unknown',
      architecture: 'unknown',
    });
  });

  test('is split when it would be over 3 MiB', () => {
    const leaves = Array.from({ length: 20_000 }, (_, index) => leaf(`image ${index}`));
    const roots = rootIndexes(leaves);
    expect(roots.length).toBeGreaterThan(1);
    for (const { bytes } of roots) expect(bytes.length).toBeLessThanOrEqual(3 * 1024 * 1024);
    const children = roots.flatMap(({ bytes }) => read(bytes).manifests);
    expect(new Set(children.map(({ digest }) => digest)).size).toBe(20_000);
  });

  test('is not there when there are no images', () => {
    expect(rootIndexes([])).toEqual([]);
  });
});
