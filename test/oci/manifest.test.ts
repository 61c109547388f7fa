import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest, references } from '../../src/oci/manifest.ts';
import { dockerIndex, dockerManifest, ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { AirgapError } from '../../src/report/error.ts';

const blob = (name: string) => ({
  mediaType: 'application/octet-stream',
  digest: digestOf(Buffer.from(name)),
  size: name.length,
});
const bytes = (document: unknown) => Buffer.from(JSON.stringify(document));
const manifest = { schemaVersion: 2, config: blob('config'), layers: [blob('one'), blob('two')] };
const index = {
  schemaVersion: 2,
  manifests: [
    { ...blob('child'), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
  ],
};

describe('a manifest is read', () => {
  test.each([ociManifest, dockerManifest])('as %s', (mediaType) => {
    const read = parseManifest(bytes({ ...manifest, mediaType }), mediaType);
    expect(read).toEqual({
      kind: 'manifest',
      mediaType,
      config: manifest.config,
      layers: manifest.layers,
    });
    expect(references(read)).toEqual([blob('config'), blob('one'), blob('two')]);
  });

  test.each([ociIndex, dockerIndex])('as %s', (mediaType) => {
    const read = parseManifest(bytes({ ...index, annotations: { a: 'b' } }), mediaType);
    expect(read).toEqual({
      kind: 'index',
      mediaType,
      manifests: index.manifests,
      annotations: { a: 'b' },
    });
    expect(references(read)).toEqual(index.manifests);
  });

  test('with what it refers to', () => {
    const artifact = { ...manifest, layers: [], subject: blob('subject'), artifactType: 'a/b' };
    expect(parseManifest(bytes(artifact), ociManifest)).toMatchObject({
      subject: blob('subject'),
      artifactType: 'a/b',
    });
  });

  test('with fields that are null as if they were absent', () => {
    const nulls = { ...manifest, layers: null, annotations: null, subject: null };
    expect(parseManifest(bytes(nulls), ociManifest)).toEqual({
      kind: 'manifest',
      mediaType: ociManifest,
      config: manifest.config,
      layers: [],
    });
    expect(references(parseManifest(bytes({ ...index, manifests: null }), ociIndex))).toEqual([]);
  });

  test('blind to fields that it does not use', () => {
    const more = {
      ...manifest,
      config: { ...blob('config'), urls: ['x'], data: 'eA==' },
      extra: 1,
    };
    expect(references(parseManifest(bytes(more), ociManifest))[0]).toEqual(blob('config'));
  });
});

describe('a manifest is refused', () => {
  const config = manifest.config;
  test.each([
    ['no JSON', Buffer.from('<html>'), ociManifest],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), ociManifest],
    ['no object', bytes([]), ociManifest],
    ['null', bytes(null), ociManifest],
    ['both layers and manifests', bytes({ ...manifest, manifests: [] }), ociManifest],
    ['both manifests and layers', bytes({ ...index, layers: [] }), ociIndex],
    ['an index with a config', bytes({ ...index, config }), ociIndex],
    ['schema 1 under another name', bytes({ ...manifest, fsLayers: [] }), dockerManifest],
    ['no schema version', bytes({ config, layers: [] }), ociManifest],
    ['a wrong schema version', bytes({ ...manifest, schemaVersion: 1 }), dockerManifest],
    ['another media type inside', bytes({ ...manifest, mediaType: ociIndex }), ociManifest],
    ['no config', bytes({ schemaVersion: 2, layers: [] }), ociManifest],
    [
      'a short digest',
      bytes({ ...manifest, config: { ...config, digest: 'sha256:12' } }),
      ociManifest,
    ],
    [
      'a digest with a path',
      bytes({ ...manifest, config: { ...config, digest: '../x' } }),
      ociManifest,
    ],
    ['a negative size', bytes({ ...manifest, config: { ...config, size: -1 } }), ociManifest],
    ['a broken size', bytes({ ...manifest, config: { ...config, size: 1.5 } }), ociManifest],
    [
      'a size over 2^53-1',
      bytes({ ...manifest, config: { ...config, size: 2 ** 53 } }),
      ociManifest,
    ],
    ['a child that is null', bytes({ ...index, manifests: [null] }), ociIndex],
  ])('with %s', (_, document, mediaType) => {
    expect(() => parseManifest(document, mediaType)).toThrow(
      expect.objectContaining({ class: 'usage', given: expect.any(String) }),
    );
  });

  test('of a kind that cannot be carried', () => {
    const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    expect(() => parseManifest(bytes(manifest), schema1)).toThrow(AirgapError);
    expect(() => parseManifest(bytes(manifest), schema1)).toThrow(
      expect.objectContaining({ class: 'usage', given: schema1 }),
    );
  });
});
