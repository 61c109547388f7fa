import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runImages } from '../../src/commands/images.ts';
import { withSourceImages } from '../../src/commands/source-images.ts';
import { findInCluster } from '../../src/image-sources/cluster.ts';
import type { Registries } from '../../src/registry/client.ts';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { toolPath } from '../helpers/tools.ts';
import { spec } from '../plan/setting.ts';
import { type Setting, shown, startSetting } from './setting.ts';

let cluster: Cluster;
let setting: Setting;

const podSpec = (image: string, more = '') =>
  `{containers: [{name: c, image: '${image}'}], restartPolicy: Always${more}}`;
const template = (image: string) =>
  `template: {metadata: {labels: {app: x}}, spec: ${podSpec(image)}}`;
const once = (image: string) => template(image).replace('Always', 'Never');
const selected = 'selector: {matchLabels: {app: x}}';
const object = (kind: string, name: string, rest: string, namespace = 'default') =>
  `---\napiVersion: ${kind.split(' ')[0]}\nkind: ${kind.split(' ')[1]}\nmetadata: {name: ${name}, namespace: ${namespace}}\n${rest}\n`;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('create', 'namespace', 'shop');
  const objects = [
    object(
      'v1 Pod',
      'p',
      `spec: {containers: [{name: c, image: 'org/pod:1', args: [--helper-image, 'busybox:1.36']}], initContainers: [{name: i, image: 'org/init:1'}]}`,
    ),
    object(
      'apps/v1 Deployment',
      'd',
      `spec: {replicas: 0, ${selected}, ${template('org/deployment:1')}}`,
    ),
    object(
      'apps/v1 StatefulSet',
      's',
      `spec: {replicas: 0, serviceName: x, ${selected}, ${template('org/stateful:1')}}`,
    ),
    object('apps/v1 DaemonSet', 'ds', `spec: {${selected}, ${template('org/daemon:1')}}`),
    object(
      'apps/v1 ReplicaSet',
      'r',
      `spec: {replicas: 0, ${selected}, ${template('org/replica:1')}}`,
    ),
    object('batch/v1 Job', 'j', `spec: {suspend: true, ${once('org/job:1')}}`),
    object(
      'batch/v1 CronJob',
      'c',
      `spec: {schedule: '0 0 1 1 *', suspend: true, jobTemplate: {spec: {${once('org/cron:1')}}}}`,
    ),
    object('v1 ReplicationController', 'o', `spec: {replicas: 0, ${template('org/controller:1')}}`),
    object('v1 PodTemplate', 't', template('org/template:1')),
    object(
      'apps/v1 Deployment',
      'web',
      `spec: {replicas: 0, ${selected}, ${template('org/web:1')}}`,
      'shop',
    ),
  ];
  await cluster.kubectlWith(objects.join(''), 'apply', '--filename', '-');
  const debug = { spec: { ephemeralContainers: [{ name: 'e', image: 'org/debug:1' }] } };
  const patch = ['--subresource=ephemeralcontainers', '--patch', JSON.stringify(debug)];
  await cluster.kubectl('patch', 'pod', 'p', ...patch);
  await cluster.kubectl('--namespace', 'shop', 'set', 'image', 'deployment/web', 'c=org/web:2');
  await cluster.settled();
  setting = await startSetting({ PATH: dirname(toolPath('kubectl')) });
}, 120_000);
afterAll(async () => {
  await cluster.stop();
  await setting.remove();
});

function find(more: { kubeconfig?: string; context?: string; namespaces?: string[] } = {}) {
  const source = { kind: 'cluster', field: 'images[0].cluster', takesSuspected: false } as const;
  const at = { kubeconfig: cluster.kubeconfig, namespaces: [], ...more };
  return shown(findInCluster({ ...source, ...at }, setting.context), setting.folder);
}

const inDefault = [
  '? busybox:1.36 (cluster Pod default/p spec.containers[0].args[1])',
  'org/controller:1 (cluster ReplicationController default/o spec.template.spec.containers[0].image)',
  'org/cron:1 (cluster CronJob default/c spec.jobTemplate.spec.template.spec.containers[0].image)',
  'org/daemon:1 (cluster DaemonSet default/ds spec.template.spec.containers[0].image)',
  'org/debug:1 (cluster Pod default/p spec.ephemeralContainers[0].image)',
  'org/deployment:1 (cluster Deployment default/d spec.template.spec.containers[0].image)',
  'org/init:1 (cluster Pod default/p spec.initContainers[0].image)',
  'org/job:1 (cluster Job default/j spec.template.spec.containers[0].image)',
  'org/pod:1 (cluster Pod default/p spec.containers[0].image)',
  'org/replica:1 (cluster ReplicaSet default/r spec.template.spec.containers[0].image)',
  'org/stateful:1 (cluster StatefulSet default/s spec.template.spec.containers[0].image)',
  'org/template:1 (cluster PodTemplate default/t template.spec.containers[0].image)',
];
const inShop = 'org/web:2 (cluster Deployment shop/web spec.template.spec.containers[0].image)';

test('pods with all their containers, and every template, older revisions left out', async () => {
  expect((await find()).sort()).toEqual([...inDefault, inShop].sort());
});

test('the namespaces that are named', async () => {
  expect(await find({ namespaces: ['shop'] })).toEqual([inShop]);
  expect((await find({ namespaces: ['shop', 'default'] })).sort()).toEqual(
    [...inDefault, inShop].sort(),
  );
});

test('a namespace that has nothing, and none that has something', async () => {
  const before = setting.events.length;
  expect(await find({ namespaces: ['shop', 'shpo'] })).toEqual([inShop]);
  expect(setting.events.slice(before)).toEqual([
    {
      kind: 'warning',
      message: 'namespace shpo of images[0].cluster has no workloads, or does not exist',
      cure: 'correct its name: `kubectl get namespaces` lists them',
    },
  ]);
});

test('the context that is named', async () => {
  const [first] = await find({ context: 'test', namespaces: ['shop'] });
  expect(first).toContain('(cluster test Deployment shop/web');
});

test('what runs from the target already is no image to mirror', async () => {
  const source = { kind: 'cluster', field: 'images[0].cluster', takesSuspected: false } as const;
  const at = { kubeconfig: cluster.kubeconfig, namespaces: ['shop'] };
  const image = 'harbor.example.org/airgap-images/org/rewritten:1';
  const pod = object('v1 Pod', 'rewritten', `spec: ${podSpec(image)}`, 'shop');
  await cluster.kubectlWith(pod, 'apply', '--filename', '-');
  const written = { ...spec('default::'), imageSources: [{ ...source, ...at }] };
  const { images } = await withSourceImages(written, {} as Registries, setting.context);
  const before = setting.events.length;
  const shownImages = await runImages(written, setting.context);
  await cluster.kubectlWith(
    pod,
    'delete',
    '--wait=false',
    '--grace-period=0',
    '--force',
    '--filename',
    '-',
  );
  expect(images.map((one) => one.image)).toEqual(['org/web:2']);
  expect(setting.events).toContainEqual({
    kind: 'note',
    message: `1 image of the cluster left out, in the target already: ${image}`,
  });
  expect(shownImages.map((one) => one.image)).toEqual(['org/web:2']);
  expect(setting.events.slice(before)).toContainEqual({
    kind: 'note',
    message: `1 image of the cluster left out, in the target already: ${image}`,
  });
});

test('a login that may not read everything: each verb and resource that it lacks', async () => {
  const kubeconfig = await cluster.kubeconfigFor('installer', [
    { apiGroups: ['', 'batch'], resources: ['pods', 'jobs', 'podtemplates'], verbs: ['list'] },
    {
      apiGroups: ['apps'],
      resources: ['deployments', 'daemonsets', 'replicasets'],
      verbs: ['list'],
    },
    { namespace: 'shop', apiGroups: ['*'], resources: ['*'], verbs: ['list'] },
  ]);
  const errors = (await find({ kubeconfig })).filter((line) => line.startsWith('error'));
  expect(errors.map((error) => error.split('\n')[0])).toEqual([
    'error: the cluster does not let us list statefulsets.apps in all namespaces',
    'error: the cluster does not let us list cronjobs.batch in all namespaces',
    'error: the cluster does not let us list replicationcontrollers in all namespaces',
  ]);
  expect(errors[0]).toContain('cannot list resource "statefulsets" in API group "apps"');
  expect(await find({ kubeconfig, namespaces: ['shop'] })).toEqual([inShop]);
});

test('a cluster that is not there, once', async () => {
  const errors = await find({ context: 'gone' });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('error: kubectl cannot list pods in all namespaces');
  expect(errors[0]).toContain('context was not found for specified context: gone');
});

test('no kubectl', async () => {
  const before = setting.context.env.PATH;
  Object.assign(setting.context.env, { PATH: '/nowhere' });
  expect((await find())[0]).toContain(
    'error: kubectl was not found\n  given:     no kubectl on PATH',
  );
  Object.assign(setting.context.env, { PATH: before });
});
