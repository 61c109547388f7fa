import { describe, expect, test } from 'vitest';
import type { ImageSource } from '../../src/inputs/image-source.ts';
import { read, readSpec, withLine } from './read.ts';

const withItem = (item: string) => withLine('images', `images: [${item}]`);

describe('an item of images that names a source', () => {
  const field = (kind: string) => `images[0].${kind}`;
  const file = (kind: string, name: string) => ({
    kind,
    field: field(kind),
    takesSuspected: false,
    name,
    path: `DIR/bundle/${name}`,
  });
  test.each<[string, object]>([
    ['{manifests: m}', file('manifests', 'm')],
    ['{manifests: "-"}', { ...file('manifests', '-'), path: '-' }],
    ['{chart: c}', { ...file('chart', 'c'), values: [], apiVersions: [] }],
    [
      '{chart: "oci://h/c", version: "1.0", values: [v.yaml], namespace: n, kubeVersion: "1.31", apiVersions: [a/v1]}',
      {
        ...file('chart', 'oci://h/c'),
        path: 'oci://h/c',
        version: '1.0',
        values: ['DIR/bundle/v.yaml'],
        namespace: 'n',
        kubeVersion: '1.31',
        apiVersions: ['a/v1'],
      },
    ],
    [
      '{cluster: {}}',
      { kind: 'cluster', field: field('cluster'), takesSuspected: false, namespaces: [] },
    ],
    [
      '{cluster: {context: prod, kubeconfig: k, namespaces: [a, b]}, suspected: true}',
      {
        kind: 'cluster',
        field: field('cluster'),
        takesSuspected: true,
        context: 'prod',
        kubeconfig: 'DIR/bundle/k',
        namespaces: ['a', 'b'],
      },
    ],
    ...['containerd', 'compose', 'hauler', 'imagesLock', 'zarf'].map((kind): [string, object] => [
      `{${kind}: f}`,
      file(kind, 'f'),
    ]),
    ['{manifests: m, suspected: true}', { ...file('manifests', 'm'), takesSuspected: true }],
  ])('%s', async (item, expected) => {
    const { images, imageSources } = await readSpec(withItem(item));
    expect(images).toEqual([]);
    expect(imageSources).toEqual([expected as ImageSource]);
  });

  test('beside images and lists', async () => {
    const { images, imageSources } = await readSpec(withItem('a:1, {manifests: m}, b:1'));
    expect(images.map(({ origin }) => origin)).toEqual(['images[0]', 'images[2]']);
    expect(imageSources.map((source) => source.field)).toEqual(['images[1].manifests']);
  });
});

describe('an item that is none', () => {
  test.each([
    ['{manifest: m}', 'error: unknown field images[0].manifest'],
    ['{manifests: m, list: l}', 'error: images[0] has the wrong form'],
    [
      '{chart: "https://u:pw@example.org/web-1.0.0.tgz?sig=x"}',
      'error: images[0].chart: https is not supported\n  given:     https://example.org/web-1.0.0.tgz\n  next:      download it and give the path, or give oci://host/path/NAME:VERSION',
    ],
    [
      '{manifests: "http://example.org/a.yaml"}',
      'error: images[0].manifests: https is not supported\n  given:     http://example.org/a.yaml\n  next:      download it and give the path',
    ],
    ['{chart: c, version: 1.0}', 'error: images[0].version must be text'],
    ['{chart: c, value: [v]}', 'did you mean images[0].values?'],
    ['{cluster: prod}', 'error: images[0].cluster must be a mapping'],
    ['{cluster: {namespace: a}}', 'did you mean images[0].cluster.namespaces?'],
    ['{manifests: ""}', 'error: images[0].manifests is empty'],
    ['{manifests: m, suspected: yes}', 'error: images[0].suspected must be true or false'],
  ])('%s', async (item, expected) => {
    expect((await read(withItem(item))).error).toContain(expected);
  });
});
