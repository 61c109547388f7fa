import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findInContainerd } from '../../src/image-sources/containerd.ts';
import { findInToolFile } from '../../src/image-sources/tool-files.ts';
import type { FileSource } from '../../src/inputs/image-source.ts';
import { toolPath } from '../helpers/tools.ts';
import { type Setting, shown, startSetting } from './setting.ts';

let setting: Setting;
beforeEach(async () => {
  setting = await startSetting();
});
afterEach(() => setting.remove());

async function find(kind: FileSource['kind'] | 'containerd', text: string): Promise<string[]> {
  await setting.write({ f: text });
  const at = {
    field: `images[0].${kind}`,
    takesSuspected: false,
    name: 'f',
    path: join(setting.folder, 'f'),
  };
  const found =
    kind === 'containerd' ? findInContainerd({ kind, ...at }) : findInToolFile({ kind, ...at });
  return shown(found, setting.folder);
}

const digest = `sha256:${'b'.repeat(64)}`;

describe("other tools' files", () => {
  test.each<[FileSource['kind'], string, string, string[]]>([
    [
      'compose',
      'services, built ones, what is merged in, volumes of images',
      `x-base: &base
  image: org/base:1
services:
  web: {<<: *base, ports: ['80:80']}
  db:
    image: postgres:16
    volumes:
      - {type: image, source: 'org/data:2', target: /data}
      - {type: volume, source: data, target: /var}
  own: {build: ., image: own}
  none: {build: .}
volumes: {data: {}}
`,
      [
        'org/base:1 (f:2 services.web.image)',
        'postgres:16 (f:6 services.db.image)',
        'org/data:2 (f:8 services.db.volumes[0].source)',
        '? own (f:10 services.own.image)',
      ],
    ],
    [
      'compose',
      'a variable, which is not filled in',
      `services: {web: {image: 'org/web:\${TAG}'}}`,
      [
        `error: not an image name: "org/web:\${TAG}": "\${TAG}" is not a tag\n  given:     f:1 services.web.image\n  next:      give what \`docker compose config\` prints`,
      ],
    ],
    [
      'compose',
      'a name that is none, without a variable',
      'services: {web: {image: Web}}',
      [
        'error: not an image name: "Web": the repository "library/Web" must be in lower case\n  given:     f:1 services.web.image\n  next:      correct the name',
      ],
    ],
    [
      'hauler',
      'images, others than from registries, and what is of another kind',
      `apiVersion: content.hauler.cattle.io/v1
kind: Images
metadata: {name: a}
spec:
  images:
    - name: neuvector/scanner
    - {name: quay.io/a/b:1, platform: linux/amd64}
    - {name: own:1, local: true}
---
apiVersion: content.hauler.cattle.io/v1
kind: Charts
spec: {charts: [{name: rancher, version: 2.8.2}]}
`,
      [
        'neuvector/scanner (f:6 spec.images[0].name)',
        'quay.io/a/b:1 (f:7 spec.images[1].name)',
        '? own:1 (f:8 spec.images[2].name)',
      ],
    ],
    [
      'hauler',
      'a registry for those that name none',
      `apiVersion: content.hauler.cattle.io/v1alpha1
kind: Images
metadata: {annotations: {hauler.dev/registry: reg.example.org}}
spec: {images: [{name: a}, {name: b/c:1}, {name: quay.io/a/b:1}, {name: docker.io/d:1}]}
`,
      [
        'reg.example.org/a (f:4 spec.images[0].name)',
        'reg.example.org/b/c:1 (f:4 spec.images[1].name)',
        'quay.io/a/b:1 (f:4 spec.images[2].name)',
        'docker.io/d:1 (f:4 spec.images[3].name)',
      ],
    ],
    [
      'imagesLock',
      'of dt',
      `apiVersion: v0
kind: ImagesLock
metadata: {generatedBy: dt}
chart: {name: wordpress, version: 16.1.24}
images:
  - name: wordpress
    image: docker.io/bitnami/wordpress:6.2.2
    digests: [{digest: '${digest}', arch: linux/amd64}]
`,
      ['docker.io/bitnami/wordpress:6.2.2 (f:7 images[0].image)'],
    ],
    [
      'imagesLock',
      'of imgpkg',
      `---
apiVersion: imgpkg.carvel.dev/v1alpha1
kind: ImagesLock
images:
- image: index.docker.io/library/nginx@${digest}
  annotations: {kbld.carvel.dev/id: nginx:1.14.2}
`,
      [`index.docker.io/library/nginx@${digest} (f:5 images[0].image)`],
    ],
    [
      'zarf',
      'the images of every component',
      `kind: ZarfPackageConfig
metadata: {name: app}
components:
  - name: a
    images:
      - ghcr.io/a/b:1
      - nginx:1.27
  - name: b
    manifests: [{name: x, files: [x.yaml]}]
  - {name: c, images: [quay.io/c/d:1]}
`,
      [
        'ghcr.io/a/b:1 (f:6 components[0].images[0])',
        'nginx:1.27 (f:7 components[0].images[1])',
        'quay.io/c/d:1 (f:10 components[2].images[0])',
      ],
    ],
  ])('%s: %s', async (kind, _, text, expected) => {
    expect(await find(kind, text)).toEqual(expected);
  });

  test.each<[FileSource['kind'], string]>([
    ['compose', 'a compose file with `services:`'],
    ['hauler', 'a Hauler manifest with a document of kind Images'],
    ['imagesLock', 'an Images.lock of dt, or a lock file of imgpkg, of kind ImagesLock'],
    ['zarf', 'a zarf.yaml of kind ZarfPackageConfig'],
  ])('%s: a file that is none', async (kind, expected) => {
    const error = `error: images[0].${kind} names another kind of file\n  given:     f\n  expected:  ${expected}`;
    expect(await find(kind, 'kind: Images\nservices: []\nimages: [a:1]')).toEqual([error]);
    expect(await find(kind, '')).toEqual([error]);
    expect((await find(kind, 'a: ['))[0]).toContain('error: not valid YAML');
  });

  test('imagesLock: a file that imgpkg 0.46 itself has written', async () => {
    const image = `127.0.0.1:5000/copied@sha256:${'1'.repeat(64)}`;
    const lock = `---\napiVersion: imgpkg.carvel.dev/v1alpha1\nimages:\n- image: ${image}\nkind: ImagesLock\n`;
    expect(await find('imagesLock', lock)).toEqual([`${image} (f:4 images[0].image)`]);
  });
});

describe("a node's containerd", () => {
  test.each([
    ['containerd-1.7', 'plugins."io.containerd.grpc.v1.cri".sandbox_image'],
    ['containerd-2', 'plugins."io.containerd.cri.v1.images".pinned_images.sandbox'],
  ])('%s, as it prints its own configuration', async (name, place) => {
    const { stdout } = await execa(toolPath(name), ['config', 'default']);
    const [found, ...others] = await find('containerd', stdout);
    expect(others).toEqual([]);
    expect(found).toMatch(/^registry\.k8s\.io\/pause:[\d.]+ \(f:\d+ /);
    expect(found).toContain(`${place})`);
  });

  test.each<[string, string, string[]]>([
    [
      'version 1',
      '[plugins.cri]\n  sandbox_image = "k8s.gcr.io/pause:3.1"\n',
      ['k8s.gcr.io/pause:3.1 (f:2 plugins."cri".sandbox_image)'],
    ],
    [
      'the line that is no comment',
      `version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n# sandbox_image = "a:1"\nsandbox_image = 'a:1' # ours\n`,
      ['a:1 (f:4 plugins."io.containerd.grpc.v1.cri".sandbox_image)'],
    ],
    ['none', 'version = 3\n', []],
    ['an empty one', '[plugins.cri]\nsandbox_image = ""\n', []],
    ['another kind of value', 'plugins = 3\n', []],
    ['no TOML', 'a = \n', ['error: images[0].containerd is not valid TOML: ']],
    ['no image', '[plugins.cri]\nsandbox_image = "Pause"\n', ['error: not an image name: "Pause"']],
  ])('%s', async (_, text, expected) => {
    const found = await find('containerd', text);
    expect(found).toHaveLength(expected.length);
    for (const [index, one] of expected.entries()) expect(found[index]).toContain(one);
  });
});
