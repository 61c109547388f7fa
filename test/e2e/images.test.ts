import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NamedImage } from '../../src/commands/images.ts';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, section, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

let source: TestRegistry;
let job: Job;
const target = 'harbor.example.org';

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  const paths = ['argoproj/workflow-controller', 'argoproj/argocli', 'argoproj/argoexec'];
  for (const path of paths)
    await pushImage(source.host, `quay.io/${path}`, 'v4.0.6', { layers: [path] });
  await pushImage(source.host, 'registry.k8s.io/kubectl', 'v1.36.2', { layers: ['kubectl'] });
  const fixture = join(import.meta.dirname, '../fixtures/manifests/argo-workflows.yaml');
  await job.write('argo.yaml', await readFile(fixture, 'utf8'));
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});

const from = (...images: unknown[]) =>
  job.bundle(target, {
    images,
    environment: 'non-airgap',
    imageSwap: {},
    registries: reached(source.host, target, ['docker.io', 'quay.io', 'registry.k8s.io']),
  });

const executor = 'quay.io/argoproj/argoexec:v4.0.6';

describe('images', () => {
  test('names every image, where it stands, and what is suspected; no registry is asked', async () => {
    await from('nginx:1', { manifests: 'argo.yaml' });
    let images: NamedImage[] = [];
    const requests = await requestsOf(source, async () => {
      images = await job.done<NamedImage[]>('images');
    });
    expect(requests).toEqual([]);
    expect(images.map(({ image, suspected }) => `${suspected ? '? ' : ''}${image}`)).toEqual([
      'nginx:1',
      'quay.io/argoproj/workflow-controller:v4.0.6',
      `? ${executor}`,
      'quay.io/argoproj/argocli:v4.0.6',
      'registry.k8s.io/kubectl:v1.36.2',
    ]);
    expect(images[0]?.sources).toEqual(['images[0]']);
    expect(images[2]?.sources).toEqual([
      'argo.yaml:658 Deployment default/argo-argo-workflows-workflow-controller spec.template.spec.containers[0].args[3]',
    ]);
  });

  test('as a list, which bundle.yaml takes', async () => {
    await from({ manifests: 'argo.yaml' });
    const { stdout } = await job.run('images', '--output', 'list', '--suspected');
    await job.write('images.txt', stdout);
    await from({ list: 'images.txt' });
    expect(await job.done<NamedImage[]>('images')).toHaveLength(4);
  });

  test('out of standard input', async () => {
    await from({ manifests: '-' });
    const program = join(import.meta.dirname, '../../dist/bundle.js');
    const input =
      '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: a:1}]}}';
    const { stdout } = await execa(process.execPath, [program, 'images'], {
      cwd: job.folder,
      input,
    });
    expect(stdout).toBe('a:1\n  standard input:1 Pod p spec.containers[0].image\n1 image');
  });

  test('out of a terminal, with a note that it waits', async () => {
    await from({ manifests: '-' });
    const program = join(import.meta.dirname, '../../dist/bundle.js');
    const { stdout } = await execa(
      toolPath('script'),
      ['-qefc', `'${process.execPath}' '${program}' images`, '/dev/null'],
      { cwd: job.folder, input: '{kind: a}\n\u0004' },
    );
    expect(stdout).toContain('images[0].manifests awaits manifests on standard input');
    expect(stdout).toContain('0 images');
  });

  test('what is wrong, all at once', async () => {
    await job.write(
      'bad.yaml',
      'a: [\n---\n{apiVersion: v1, kind: Pod, spec: {containers: [{image: No}]}}\n',
    );
    await from('Up/Per:1', { manifests: 'bad.yaml' }, { manifests: 'none.yaml' });
    const { exitCode, stderr } = await job.run('images');
    expect(exitCode).toBe(2);
    for (const part of [
      'images[0]',
      'bad.yaml:2:1',
      'bad.yaml:3 Pod spec.containers[0].image',
      'none.yaml',
    ])
      expect(stderr).toContain(part);
  });
});

describe('a chart', () => {
  const pod = `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: '{{ required "give a tag" .Values.tag | printf "org/web:%s" }}'}]}}`;
  beforeAll(async () => {
    await job.write('web/Chart.yaml', '{apiVersion: v2, name: web, version: 1.0.0}');
    await job.write('web/templates/pod.yaml', pod);
    await job.write('values.yaml', 'tag: v3');
  });

  test('is rendered by helm', async () => {
    await from({ chart: './web', values: ['values.yaml'] });
    expect(await job.done<NamedImage[]>('images')).toEqual([
      {
        image: 'org/web:v3',
        sources: ['./web:web/templates/pod.yaml Pod p spec.containers[0].image'],
        suspected: false,
      },
    ]);
  });

  test('that needs values ends with 2 and what it needs', async () => {
    await from({ chart: 'web' });
    const { exitCode, stderr } = await job.run('images');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('(web/templates/pod.yaml:1:81): give a tag');
  });

  test('without helm ends with 3', async () => {
    await from({ chart: 'web' });
    const { exitCode, stderr } = await job.runWith({ env: { PATH: '/nowhere' } }, 'images');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('helm was not found');
  });
});

test('a cluster that does not answer ends with 11', async () => {
  const cluster = { name: 'c', cluster: { server: 'http://127.0.0.1:1' } };
  const context = { name: 'c', context: { cluster: 'c', user: '' } };
  const kubeconfig = { apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [context] };
  await job.write('kubeconfig', kubeconfig);
  await from({ cluster: { kubeconfig: 'kubeconfig', context: 'c' } });
  const { exitCode, stderr } = await job.run('images');
  expect(exitCode).toBe(11);
  expect(stderr).toContain('kubectl cannot list pods in all namespaces');
});

describe('plan', () => {
  test('takes the images of a source, and tells of those that it leaves', async () => {
    await from({ manifests: 'argo.yaml' });
    const { exitCode, json, stderr } = await job.run('plan', '--output', 'json');
    expect(exitCode).toBe(0);
    expect(json.inventory.images.map(({ source: image }) => image)).toEqual([
      'quay.io/argoproj/workflow-controller:v4.0.6',
      'quay.io/argoproj/argocli:v4.0.6',
      'registry.k8s.io/kubectl:v1.36.2',
    ]);
    expect(stderr).toContain(`1 suspected image not taken: ${executor}`);
  });

  test('takes the suspected ones where the source says so', async () => {
    await from({ manifests: 'argo.yaml', suspected: true });
    const { json, stderr } = await job.run('plan', '--output', 'json');
    expect(json.inventory.images.map(({ source: image }) => image)).toContain(executor);
    expect(stderr).not.toContain('not taken');
  });

  test('names who asked for an image that is not there', async () => {
    await job.write(
      'pod.yaml',
      '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: gone:1}]}}',
    );
    await from({ manifests: 'pod.yaml' });
    const { exitCode, json } = await job.run('plan', '--output', 'json');
    expect(exitCode).toBe(2);
    expect(json.problems.map(({ message }) => message).join()).toContain(
      'gone:1 (pod.yaml:1 Pod p spec.containers[0].image)',
    );
  });
});

test('create and mirror take the images of sources', async () => {
  const registry = await startRegistry();
  try {
    await job.bundle(registry.host, {
      images: [{ manifests: 'argo.yaml', suspected: true }],
      environment: 'non-airgap',
      imageSwap: {},
      ociImageRegistry: {
        ...section(registry.host),
        mirrorRegistries: `default::${registry.host}/m`,
      },
      registries: reached(source.host, registry.host, ['docker.io', 'quay.io', 'registry.k8s.io']),
    });
    const created = await job.done('create', '-o', 'out');
    expect(created.inventory.images).toHaveLength(4);
    const mirrored = await job.done('mirror');
    expect(mirrored.images.map(({ source: image }) => image)).toContain(executor);
  } finally {
    await registry.stop();
  }
});
