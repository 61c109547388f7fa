import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { dump, load, loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultChartPath } from '../../src/install/assets.ts';
import { type Chart, readChart } from '../../src/install/chart.ts';
import { type SiteTarget, valuesYaml } from '../../src/install/values.ts';
import { effectiveMap } from '../../src/mirror-map/effective.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { printMirrorMap } from '../../src/mirror-map/print.ts';
import fc from '../helpers/seeded.ts';
import { toolPath } from '../helpers/tools.ts';

const source = resolve(import.meta.dirname, '../../charts/image-swap');
const endpoint = 'harbor.example.org:8443';

let folder: string;
let chart: Chart;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  const path = defaultChartPath();
  chart = await readChart(await readFile(path), path);
});
afterAll(() => rm(folder, { recursive: true }));

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
}

async function helm(...argv: string[]) {
  const env = { HOME: folder };
  return execa(toolPath('helm'), argv, { env, reject: false, maxBuffer: 64 * 1024 * 1024 });
}

/** What helm makes of the chart as it is packed, with these values over those of a bundle. */
async function render(...argv: string[]): Promise<Manifest[]> {
  const { stdout, stderr, exitCode } = await template(...argv);
  if (exitCode !== 0) throw new Error(stderr);
  return (loadAll(stdout) as (Manifest | null)[]).filter((one) => one !== null);
}

async function template(...argv: string[]) {
  const values = join(folder, 'values.yaml');
  await writeFile(values, bundleValues());
  return helm('template', 'image-swap', defaultChartPath(), '--values', values, ...argv);
}

function bundleValues(mirrorRegistries = `docker.io::${endpoint}/m/docker.io`): Buffer {
  const target: SiteTarget = {
    endpoint,
    name: 'harbor',
    baseContentPath: 'm',
    insecureSkipVerify: false,
    caCert: 'PEM',
    mirrorRegistries,
  };
  const ownImages = { init: `${endpoint}/m/init:1`, image: `${endpoint}/m/swap:1` };
  return valuesYaml({ ...chart, target, ownImages });
}

function find(manifests: readonly Manifest[], kind: string, name?: string) {
  const found = manifests.find((one) => one.kind === kind && (!name || one.metadata.name === name));
  if (!found) throw new Error(`no ${kind} ${name ?? ''}`);
  return found;
}

test('helm finds nothing wrong with it', async () => {
  const values = join(folder, 'values.yaml');
  await writeFile(values, bundleValues());
  const { exitCode, stdout } = await helm('lint', source, '--strict', '--values', values);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  expect((await helm('lint', source)).exitCode).toBe(0);
});

describe('the map', () => {
  const fromPage =
    'docker.io::harbor.example.org/airgap-images/docker.io,gcr.io::harbor.example.org/airgap-images/gcr.io';

  test.each([
    ['of the page', fromPage],
    ['in lines, with comments', '# all\ndocker.io::h/a # hub\n\nquay.io::h/q ## quay\n'],
    ['with spaces', ' docker.io :: h/a , quay.io::h/q '],
    ['with other line ends', 'docker.io::h/a\r\nquay.io::h/q\rgcr.io::h/g'],
    ['with a default', 'docker.io::h/a,default::h/d'],
    ['with patterns, which have commas', 'noswap_wildcards::a.example,b.example,docker.io::h/a'],
    ['with both', 'default::,noswap_wildcards::a\n'],
    ['with patterns in a line', 'noswap_wildcards::a, b\ndocker.io::h/a'],
    ['with images and globs', '[EXACT]a:1::h/a:1,[REPLACE]quay.io/*::h/q'],
    ['with an image that is called default', '[EXACT]default::h/d'],
    ['in the old spelling', 'default:h/d,docker.io:h/a'],
    ['with # in an entry', 'docker.io::h/a#b # hub'],
    ['with what the webhook ignores', 'docker.io::h/a,nonsense,a::b::c,quay.io::h/q'],
    ['with a key twice', 'docker.io::h/a,docker.io::h/b'],
    ['with template marks', 'docker.io::h/{{ .Values }},quay.io::h/"q"\\n'],
    ['with a byte order mark', '\ufeffdocker.io::h/a'],
  ])('%s is what the plan judges', async (_, text) => {
    const values = join(folder, 'map.yaml');
    await writeFile(values, bundleValues(text));
    const maps = find(await render('--values', values), 'ConfigMap', 'imageswap-maps').data?.maps;
    expect(maps).toBe(printMirrorMap(effectiveMap(parseMirrorMap(text), endpoint)));
  });

  test('any is what the plan judges', async () => {
    const keys = ['default', 'noswap_wildcards', 'docker.io', '[EXACT]a:1', '[REPLACE]*', 'h:5'];
    const entries = ['noswap_wildcards::', 'noswap_wildcards::a', 'default::', 'docker.io::h/a'];
    const piece = fc.oneof(
      fc.constantFrom(
        ...keys,
        ...entries,
        '::',
        '::',
        ':',
        ',',
        ',',
        '\n',
        '\r\n',
        '#',
        ' ',
        '\t',
        '\u2028',
      ),
      fc.string({ minLength: 1, maxLength: 3 }),
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''));
    const maps = fc.sample(text, { numRuns: 1500, seed: 7 });
    const printed = await printedByHelm(maps);
    const plain = (map: ReturnType<typeof parseMirrorMap>) =>
      map.entries.map(({ kind, key, value }) => ({ kind, key, value }));
    const wrong = maps.filter((map, n) => {
      const expected = plain(effectiveMap(parseMirrorMap(map), endpoint));
      return JSON.stringify(plain(parseMirrorMap(printed[n] ?? ''))) !== JSON.stringify(expected);
    });
    expect(wrong).toEqual([]);
  });

  /** The chart's own template over many maps, in one run of helm. */
  async function printedByHelm(maps: readonly string[]): Promise<string[]> {
    const many = join(folder, 'many');
    await mkdir(join(many, 'templates'), { recursive: true });
    await cp(join(source, 'templates/_map.tpl'), join(many, 'templates/_map.tpl'));
    await writeFile(join(many, 'Chart.yaml'), 'apiVersion: v2\nname: many\nversion: 1.0.0\n');
    const sections = maps.map((mirrorRegistries) => ({ endpoint, mirrorRegistries }));
    await writeFile(join(many, 'values.yaml'), dump({ sections }, { forceQuotes: true }));
    const all =
      'maps:\n{{- range .Values.sections }}\n' +
      '- {{ include "image-swap.map" (dict "Values" (dict "config" (dict "ociImageRegistry" .))) | trimPrefix "\\n" | toJson }}\n' +
      '{{- end }}\n';
    await writeFile(join(many, 'templates/all.yaml'), all);
    const { stdout, stderr } = await helm('template', 'many', many);
    if (stderr !== '') throw new Error(stderr);
    return (load(stdout) as { maps: string[] }).maps;
  }
});

describe('what it renders', () => {
  test('the images as they are given, and the pull Secret by its name', async () => {
    const { spec } = find(await render(), 'Deployment') as unknown as {
      spec: { template: { spec: PodSpec } };
    };
    const pod = spec.template.spec;
    expect(pod.initContainers[0]?.image).toBe(`${endpoint}/m/init:1`);
    expect(pod.containers[0]?.image).toBe(`${endpoint}/m/swap:1`);
    expect(pod.imagePullSecrets).toEqual([{ name: 'imageswap-pull' }]);
    expect(chart.pullSecret).toEqual({ name: 'imageswap-system/imageswap-pull' });
  });

  interface PodSpec {
    readonly imagePullSecrets: object[];
    readonly initContainers: { readonly image: string }[];
    readonly containers: { readonly image: string }[];
  }

  test('a user name and a password are taken and stand nowhere', async () => {
    const section = 'config.ociImageRegistry';
    const argv = ['--set', `${section}.username=Xuser,${section}.password=Xsecret`];
    const { stdout } = await template(...argv);
    expect(stdout).toContain('kind: Deployment');
    expect(stdout).not.toMatch(/X(user|secret)|WHVzZX|WHNlY3/);
  });

  const config = '{"auths":{"h":{"auth":"eA=="}}}';
  test.each([
    ['as it is', config],
    ['in base64', Buffer.from(config).toString('base64')],
  ])('a docker config that is given %s becomes a pull Secret', async (_, text) => {
    const file = join(folder, 'config.json');
    await writeFile(file, text);
    const key = 'config.imagePullSecret';
    const argv = ['--set', `${key}.create=true`, '--set-file', `${key}.dockerConfigJson=${file}`];
    const { data, metadata } = find(await render(...argv), 'Secret');
    expect(metadata).toMatchObject({ namespace: 'imageswap-system' });
    expect(Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()).toBe(config);
  });

  test('on EKS its signer, which may be approved and no other', async () => {
    const signers = async (...argv: string[]) =>
      JSON.stringify(await render(...argv)).match(/[a-z.]+\/(app|kubelet)-serving/g);
    const eks = 'beta.eks.amazonaws.com/app-serving';
    expect(await signers('--set', 'config.imageSwapConfig.isEKSCluster=true')).toEqual([eks, eks]);
    const own = 'kubernetes.io/kubelet-serving';
    expect(await signers()).toEqual([own, own]);
  });

  test('an endpoint with a path, which some registries have', async () => {
    const argv = ['--set', 'config.ociImageRegistry.endpoint=public.ecr.aws/alias'];
    const { data } = find(await render(...argv), 'ConfigMap', 'imageswap-maps');
    expect(data?.maps).toContain('\nnoswap_wildcards::public.ecr.aws/alias\n');
  });

  test('another map makes new pods', async () => {
    const pods = async (...argv: string[]) =>
      JSON.stringify(find(await render(...argv), 'Deployment'));
    const map = 'config.ociImageRegistry.mirrorRegistries=quay.io::h/q';
    expect(await pods('--set', map)).not.toBe(await pods());
    expect(await pods()).toBe(await pods());
  });

  test('no namespace where the release has it as its own', async () => {
    const kinds = async (...argv: string[]) => (await render(...argv)).map(({ kind }) => kind);
    expect(await kinds()).toContain('Namespace');
    expect(await kinds('--namespace', 'imageswap-system')).not.toContain('Namespace');
  });
});

describe('it refuses', () => {
  const section = 'config.ociImageRegistry';
  test.each([
    ['text for a boolean', ['--set-string', `${section}.insecureSkipVerify=true`], 'want boolean'],
    ['a number for a text', ['--set', `${section}.password=1234`], 'want string'],
    ['a URL for a host', ['--set', `${section}.endpoint=https://h.example.org`], 'endpoint'],
    ['no endpoint', ['--set', `${section}.endpoint=`], 'endpoint is missing: host[:port]'],
    ['no map', ['--set', `${section}.mirrorRegistries=`], 'source::target'],
    ['a section that is gone', ['--set', 'config.imageSwapConfig=null'], 'imageSwapConfig'],
    [
      'a pull Secret of nothing',
      ['--set', 'config.imagePullSecret.create=true'],
      'dockerConfigJson is empty',
    ],
  ])('%s', async (_, argv, says) => {
    const { exitCode, stderr } = await template(...argv);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(says)]);
  });
});
