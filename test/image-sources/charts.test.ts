import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findInChart } from '../../src/image-sources/charts.ts';
import type { ChartSource } from '../../src/inputs/image-source.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import { packChart } from '../helpers/chart.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';
import { context as quiet } from '../registry/context.ts';
import { type Setting, shown, startSetting } from './setting.ts';

let registry: TestRegistry;
let registries: Registries;
let setting: Setting;

beforeAll(async () => {
  registry = await startRegistry();
  registries = openRegistries({
    access: { [registry.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: quiet(),
  });
});
afterAll(async () => {
  await registries.close();
  await registry.stop();
});
afterEach(() => setting.remove());

/** The pinned helm of this name is `helm` on PATH. */
async function withHelm(name: string | undefined): Promise<void> {
  setting = await startSetting();
  const bin = join(setting.folder, 'bin');
  await mkdir(bin);
  if (name) await symlink(toolPath(name), join(bin, 'helm'));
  Object.assign(setting.context.env, { PATH: bin, HOME: setting.folder });
}

const pod = (image: string, annotations = '{}') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: {{ .Release.Namespace }}, annotations: ${annotations}}\nspec: {containers: [{image: '${image}'}]}\n`;

const field = 'spec.containers[0].image';

/** A chart with all that a chart may have. */
const web = {
  'web/Chart.yaml': `apiVersion: v2
name: web
version: 1.2.0
dependencies: [{name: cache, version: 1.0.0, condition: cache.enabled}, {name: spare, version: 1.0.0, condition: spare.enabled}]
annotations:
  images: |
    - name: web
      image: docker.io/org/web:1
    - name: shell
      image: docker.io/org/shell:12
  artifacthub.io/images: |
    - {name: probe, image: 'ghcr.io/org/probe:v2', platforms: [linux/amd64]}
`,
  'web/values.yaml': 'image: org/web:1\ncache: {enabled: true}\nspare: {enabled: false}\n',
  'web/templates/web.yaml': pod('{{ .Values.image }}'),
  'web/templates/hook.yaml': pod('org/hook:1', '{helm.sh/hook: pre-install}'),
  'web/templates/tests/test.yaml': pod('org/test:1', '{helm.sh/hook: test}'),
  'web/templates/new.yaml':
    '{{ if semverCompare ">=1.99" .Capabilities.KubeVersion.Version }}' +
    pod('org/new:1') +
    '{{ end }}',
  'web/templates/monitor.yaml':
    '{{ if .Capabilities.APIVersions.Has "example.org/v1/Thing" }}' +
    pod('org/monitor:1') +
    '{{ end }}',
  'web/templates/NOTES.txt': 'see quay.io/a/b:1',
  'web/crds/thing.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things}\nspec: {default: quay.io/org/thing:v1}\n',
  'web/charts/cache/Chart.yaml':
    'apiVersion: v2\nname: cache\nversion: 1.0.0\nannotations: {images: "[{image: org/exporter:3}]"}\n',
  'web/charts/cache/templates/a.yaml': `${pod('org/cache:7')}---\n${pod('org/cache:8')}`,
  'web/charts/spare/Chart.yaml':
    'apiVersion: v2\nname: spare\nversion: 1.0.0\nannotations: {images: "[{image: org/off:3}]"}\n',
  'web/charts/spare/templates/a.yaml': pod('org/off:1'),
};

const expected = (chart: string, at: string) => [
  `? quay.io/org/thing:v1 (${chart}:web/crds/thing.yaml CustomResourceDefinition things spec.default)`,
  `org/cache:7 (${chart}:web/charts/cache/templates/a.yaml Pod default/p ${field})`,
  `org/cache:8 (${chart}:web/charts/cache/templates/a.yaml Pod default/p ${field})`,
  `org/web:1 (${chart}:web/templates/web.yaml Pod default/p ${field})`,
  `org/test:1 (${chart}:web/templates/tests/test.yaml Pod default/p ${field})`,
  `org/hook:1 (${chart}:web/templates/hook.yaml Pod default/p ${field})`,
  `docker.io/org/web:1 (${chart}:${at}/Chart.yaml:8 annotations.images)`,
  `docker.io/org/shell:12 (${chart}:${at}/Chart.yaml:10 annotations.images)`,
  `ghcr.io/org/probe:v2 (${chart}:${at}/Chart.yaml:12 annotations.artifacthub.io/images)`,
  `org/exporter:3 (${chart}:${at}/charts/cache/Chart.yaml:4 annotations.images)`,
];

function find(path: string, more: Partial<ChartSource> = {}): Promise<string[]> {
  const source: ChartSource = {
    kind: 'chart',
    field: 'images[0].chart',
    takesSuspected: false,
    name: path,
    path: path.includes('://') ? path : join(setting.folder, path),
    values: [],
    apiVersions: [],
    ...more,
  };
  return shown(findInChart(source, registries, setting.context), setting.folder);
}

/** The images alone. */
async function namesIn(found: Promise<string[]>): Promise<string[]> {
  return (await found).map((line) => line.replace(/ \(.*$/, ''));
}

describe.each(['helm', 'helm4'])('by %s', (helm) => {
  beforeEach(() => withHelm(helm));

  test("a folder: hooks, tests, definitions, the charts in it, and the publisher's list", async () => {
    await setting.write(web);
    expect((await find('web')).sort()).toEqual(expected('web', 'web').sort());
  });

  test('an archive, with archives in it', async () => {
    const cache = Object.entries(web).flatMap(([path, text]) =>
      path.startsWith('web/charts/cache/') ? [[path.slice('web/charts/'.length), text]] : [],
    );
    await setting.write(web);
    await packChart(setting.folder, 'cache.tgz', Object.fromEntries(cache));
    const {
      'web/charts/cache/Chart.yaml': _,
      'web/charts/cache/templates/a.yaml': __,
      ...rest
    } = web;
    const inner = await readFile(join(setting.folder, 'cache.tgz'));
    await packChart(setting.folder, 'web-1.2.0.tgz', {
      ...rest,
      'web/charts/cache-1.0.0.tgz': inner,
    });
    expect((await find('web-1.2.0.tgz')).sort()).toEqual(expected('web-1.2.0.tgz', 'web').sort());
  });

  test('values, the namespace, the version of Kubernetes and APIs are given on', async () => {
    await setting.write({ ...web, 'prod.yaml': 'image: org/prod:2\nspare: {enabled: true}' });
    const values = [join(setting.folder, 'prod.yaml')];
    const more = {
      values,
      namespace: 'shop',
      kubeVersion: '1.99.0',
      apiVersions: ['example.org/v1/Thing'],
    };
    const found = await find('web', more);
    expect(found).toContain(`org/prod:2 (web:web/templates/web.yaml Pod shop/p ${field})`);
    const names = found.map((line) => line.replace(/ \(.*$/, ''));
    expect(names).toEqual(
      expect.arrayContaining(['org/new:1', 'org/monitor:1', 'org/off:1', 'org/off:3']),
    );
    expect(names).not.toContain('org/web:1');
  });

  test('a registry, by its version', async () => {
    await packChart(setting.folder, 'web.tgz', {
      ...web,
      'web/Chart.yaml': web['web/Chart.yaml'].replace('1.2.0', '1.2.0+b1'),
    });
    const push = [
      'push',
      join(setting.folder, 'web.tgz'),
      `oci://${registry.host}/${helm}`,
      '--plain-http',
    ];
    await execa(toolPath(helm), push, { env: { HOME: setting.folder } });
    const chart = `oci://${registry.host}/${helm}/web`;
    const names = await namesIn(find(chart, { version: '1.2.0+b1' }));
    expect(names).toContain('org/web:1');
    expect(await namesIn(find(`${chart}:1.2.0_b1`))).toEqual(names);
  });

  test('what a chart asks for is told in its own words, without those for its author', async () => {
    await setting.write({
      ...web,
      'web/templates/x.yaml': '{{ required "give .Values.host" .Values.host }}',
    });
    const [error, ...others] = await find('web');
    expect(others).toEqual([]);
    expect(error).toMatch(
      /^error: images\[0\]\.chart: helm cannot render web\n {2}given: {5}execution error at \(web\/templates\/x\.yaml:1:3\): give \.Values\.host\n {2}next: {6}give what it asks for: \{chart: web, values: \[FILE\]\}$/,
    );
  });

  test('a chart whose dependencies are not there', async () => {
    const dependencies =
      'dependencies: [{name: gone, version: 1.0.0, repository: "https://example.org"}]\n';
    await setting.write({
      'a/Chart.yaml': `apiVersion: v2\nname: a\nversion: 1.0.0\n${dependencies}`,
    });
    const [error] = await find('a');
    expect(error).toContain('missing in charts/ directory: gone');
    expect(error).toMatch(/\n {2}next: {6}helm dependency build a$/);
    await packChart(setting.folder, 'a.tgz', {
      'a/Chart.yaml': `apiVersion: v2\nname: a\nversion: 1.0.0\n${dependencies}`,
    });
    expect((await find('a.tgz'))[0]).toContain(
      'next:      unpack it, run `helm dependency build` on its folder',
    );
  });
});

describe('what is wrong', () => {
  beforeEach(() => withHelm('helm'));

  test.each<[string, string, Partial<ChartSource>, string]>([
    ['nothing there', 'gone', {}, 'error: images[0].chart is not there\n  given:     DIR/gone'],
    [
      'a folder without a chart',
      'bin',
      {},
      'error: images[0].chart cannot be used as a chart\n  given:     bin: there is no Chart.yaml in it',
    ],
    [
      'a file that is none',
      'text',
      {},
      'error: images[0].chart cannot be used as a chart\n  given:     text: not a gzip file',
    ],
    [
      'another version',
      'web',
      { version: '2.0.0' },
      'error: images[0].chart has another version\n  given:     web 1.2.0\n  expected:  2.0.0',
    ],
    [
      'values that are not there',
      'web',
      { values: ['/nowhere/v.yaml'] },
      'error: values of images[0].chart is not there\n  given:     /nowhere/v.yaml',
    ],
    [
      'a registry without a version',
      'oci://127.0.0.1:1/web',
      {},
      'error: images[0].chart names no version\n  given:     oci://127.0.0.1:1/web',
    ],
  ])('%s', async (_, path, more, says) => {
    await setting.write({ ...web, text: 'no chart' });
    const [error] = await find(path, more);
    expect(error).toContain(says);
  });

  test('a name that no grammar accepts', async () => {
    await setting.write({ ...web, 'prod.yaml': 'image: Org/Web:1' });
    const found = await find('web', { values: [join(setting.folder, 'prod.yaml')] });
    expect(found.at(-1)).toContain(`given:     web:web/templates/web.yaml Pod default/p ${field}`);
  });

  test('no helm', async () => {
    await setting.remove();
    await withHelm(undefined);
    await setting.write(web);
    expect((await find('web'))[0]).toContain(
      'error: helm was not found\n  given:     no helm on PATH',
    );
  });
});
