import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findInManifests } from '../../src/image-sources/manifests.ts';
import { type Setting, shown, startSetting } from './setting.ts';

let setting: Setting;
beforeEach(async () => {
  setting = await startSetting();
});
afterEach(() => setting.remove());

async function find(files: Readonly<Record<string, string>>, name: string): Promise<string[]> {
  await setting.write(files);
  const path = join(setting.folder, name);
  const source = {
    kind: 'manifests',
    field: 'images[0].manifests',
    takesSuspected: false,
  } as const;
  return shown(findInManifests({ ...source, path, name }, setting.context), setting.folder);
}

const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: '${image}'}]}\n`;
const field = 'Pod p spec.containers[0].image';

test.each<[string, Record<string, string>, string, string[]]>([
  ['a file', { 'a/p.yaml': pod('a:1') }, 'a/p.yaml', [`a:1 (a/p.yaml:4 ${field})`]],
  ['a file of any name', { p: pod('a:1') }, 'p', [`a:1 (p:4 ${field})`]],
  [
    'a folder and those in it, in order, YAML and JSON alone',
    {
      'm/b.yml': pod('b:1'),
      'm/a.json': `{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "a:1"}]}}`,
      'm/sub/c.YAML': pod('c:1'),
      'm/README.md': 'image: quay.io/a/b:1',
      'm/.hidden/d.yaml': pod('d:1'),
      'm/.e.yaml': pod('e:1'),
    },
    'm',
    [
      'a:1 (m/a.json:1 Pod spec.containers[0].image)',
      `b:1 (m/b.yml:4 ${field})`,
      `c:1 (m/sub/c.YAML:4 ${field})`,
    ],
  ],
  [
    'what is wrong in any of them, all at once, beside what is right',
    {
      'm/a.yaml': `${pod('a:1')}---\na: [\n---\n${pod('b:1')}`,
      'm/b.yaml': pod('No:1'),
      'm/c.yaml': 'a: *b',
    },
    'm',
    [
      `a:1 (m/a.yaml:4 ${field})`,
      `b:1 (m/a.yaml:11 ${field})`,
      'error: not valid YAML: deficient indentation\n  given:     m/a.yaml:7:1\n  next:      correct the file there',
      `error: not an image name: "No:1": the repository "library/No" must be in lower case\n  given:     m/b.yaml:4 ${field}\n  next:      correct the name`,
      'error: YAML that cannot be read: the alias *b has no anchor before it\n  given:     m/c.yaml:1\n  next:      correct the file there',
    ],
  ],
  [
    'nothing there',
    {},
    'm',
    [
      'error: images[0].manifests is not there\n  given:     DIR/m\n  next:      correct the path, or make the file',
    ],
  ],
  [
    'a folder without any',
    { 'm/README.md': '' },
    'm',
    [
      'error: images[0].manifests has no manifests\n  given:     m\n  expected:  files .yaml, .yml or .json',
    ],
  ],
  [
    'a chart',
    { 'm/Chart.yaml': 'name: x', 'm/templates/a.yaml': '{{ .x }}' },
    'm',
    [
      'error: images[0].manifests is a Helm chart\n  given:     m\n  expected:  manifests, or what `kubectl kustomize` prints\n  next:      write {chart: m}',
    ],
  ],
  [
    'a bundle file among them',
    { 'm/bundle.yaml': 'apiVersion: airgap-bundle/v1\nimages: [a:1]' },
    'm',
    [],
  ],
  [
    'an answer that is no manifest',
    { m: '<html>\nNot found\n</html>\n' },
    'm',
    [
      'error: a text is no manifest\n  given:     m:1\n  expected:  manifests: mappings of YAML or JSON',
    ],
  ],
  [
    'a definition that nests deep',
    { m: `${'{a: '.repeat(150)}quay.io/a/b:1${'}'.repeat(150)}` },
    'm',
    [`? quay.io/a/b:1 (m:1 ${Array(150).fill('a').join('.')})`],
  ],
  ['an empty file', { 'm/a.yaml': '' }, 'm', []],
])('%s', async (_, files, name, expected) => {
  expect(await find(files, name)).toEqual(expected);
});

test('what kustomize is told is not read, and said to be missing', async () => {
  const files = {
    'm/kustomization.yaml': 'images: [{name: a, newName: b, newTag: v2}]',
    'm/p.yaml': pod('a:1'),
  };
  expect(await find(files, 'm')).toEqual([`a:1 (m/p.yaml:4 ${field})`]);
  expect(setting.events).toEqual([
    {
      kind: 'warning',
      message: 'm/kustomization.yaml is not applied: the manifests beside it are read as they are',
      cure: 'run `kubectl kustomize` on its folder, and name the file that it gives',
    },
  ]);
});
