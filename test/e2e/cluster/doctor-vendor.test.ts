import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Check } from '../../../src/doctor/check.ts';
import { packChart } from '../../helpers/chart.ts';
import { push, type Site, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite('vendor');
});
afterAll(() => site?.stop());
beforeEach(() => site.reset());

/** The registry knows the pusher alone, and so the cluster pulls as that one. */
async function install(args: readonly string[]): Promise<void> {
  const login = ['--username', push.username, '--password-file', site.job.path('push')];
  const host = await site.host();
  const installed = await host.install([...args, ...login, '--yes']);
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
}

/** @param path of tools, where not all are there */
async function doctor([bundle = '', key = '', pub = '']: readonly string[], ...flags: string[]) {
  const at = [bundle, key, pub, '--kubeconfig', site.cluster.kubeconfig];
  return site.job.run<readonly Check[]>('doctor', ...at, '--output', 'json', ...flags);
}

/** Name, status and what was seen of those that are not ok. */
const others = (checks: readonly Check[]) =>
  checks
    .filter(({ status }) => status !== 'ok')
    .map(({ check, status, evidence }) => `${status} ${check}: ${evidence}`);

const mayPush =
  'warning push-rights: pusher (by the Secret registry-info) may push to m/docker.io/nginx: whoever reads the Secret of the cluster can replace its images';
const nodes = 'skipped node-config: no --node-config is given';

test('a chart of a vendor without webhook and map', async () => {
  await install(site.args);
  const { exitCode, json } = await doctor(site.args);
  expect(others(json)).toEqual([
    mayPush,
    'skipped pull-secret: the chart names no Secret to pull with',
    'skipped webhook: the chart brings no Service that a webhook could lead to',
    'skipped webhook-service: there is no webhook',
    'skipped webhook-ca: there is no webhook',
    'skipped webhook-namespaces: there is no webhook',
    'skipped webhook-map: the chart has no ConfigMap with a map',
    'skipped webhook-target: the chart has no ConfigMap with a map',
    nodes,
  ]);
  expect(exitCode).toBe(0);
});

const service = `apiVersion: v1
kind: Service
metadata: {name: theirs, namespace: default}
spec: {ports: [{port: 443}]}
`;
const webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: theirs}
webhooks:
  - name: theirs.example.org
    clientConfig: {service: {name: theirs, namespace: default}}
    namespaceSelector: {matchLabels: {swap: please}}
    rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    sideEffects: None
    failurePolicy: Ignore
    admissionReviewVersions: [v1]
`;

test('a chart of a vendor that brings its webhook', async () => {
  const chart = await packChart(site.job.folder, 'theirs.tgz', {
    'image-swap/Chart.yaml': 'apiVersion: v2\nname: image-swap\nversion: 1.5.4\n',
    'image-swap/values.yaml': 'config: {ociImageRegistry: {endpoint: ""}}\n',
    'image-swap/templates/all.yaml': `${service}---\n${webhook}`,
  });
  const args = await site.bundle({ imageSwap: { chart } });
  await install(args);
  const { exitCode, json } = await doctor(args);
  expect(others(json)).toEqual([
    mayPush,
    'skipped pull-secret: the chart names no Secret to pull with',
    'failure webhook-service: nothing is ready behind the Service default/theirs: pods are refused or not rewritten',
    'failure webhook-ca: theirs has no CA: the API server cannot trust its server',
    'warning webhook-namespaces: no namespace asks for the webhook: no pod is rewritten',
    'skipped webhook-map: the chart has no ConfigMap with a map',
    'skipped webhook-target: the chart has no ConfigMap with a map',
    nodes,
  ]);
  expect(exitCode).toBe(11);
  await site.cluster.helm('uninstall', 'image-swap');
});

test('a bundle that is non-airgap, which needs no helm', async () => {
  const args = await site.bundle({ environment: 'non-airgap', imageSwap: {} });
  await install(args);
  const alone = await site.host({ without: ['helm'] });
  const env = { PATH: join(alone.folder, 'bin') };
  const [bundle = '', key = '', pub = ''] = args;
  const at = [bundle, key, pub, '--kubeconfig', site.cluster.kubeconfig, '--output', 'json'];
  const ended = await site.job.runWith<readonly Check[]>({ env }, 'doctor', ...at);
  const why = 'the bundle has no chart: it is non-airgap';
  const checks = ['release', 'pull-secret', 'webhook', 'webhook-service', 'webhook-ca'];
  const more = ['webhook-namespaces', 'webhook-map', 'webhook-target'];
  expect(others(ended.json)).toEqual([
    mayPush,
    ...[...checks, ...more].map((name) => `skipped ${name}: ${why}`),
    nodes,
  ]);
  expect(ended.exitCode).toBe(0);
});

test('at the place that a site file names', async () => {
  const file = { ociImageRegistry: { baseContentPath: 'there', caCert: './ca.pem' } };
  await site.job.write('site.yaml', file);
  const flags = ['--site', site.job.path('site.yaml')];
  const [bundle = '', key = '', pub = ''] = site.args;
  await install(site.args);
  const without = await doctor(site.args, ...flags);
  const failed = without.json.filter(({ status }) => status === 'failure').map((one) => one.check);
  expect(failed).toEqual(['secret-keys', 'mirror-registries', 'placements']);
  const node = await site.host({ node: true });
  const login = ['--username', push.username, '--password-file', site.job.path('push')];
  const pushing = ['--push-username', push.username, '--push-password-file', site.job.path('push')];
  const at = [bundle, key, pub, ...flags, ...login, ...pushing];
  const cluster = ['--kubeconfig', site.cluster.kubeconfig, '--yes'];
  const installed = await node.install([...at, ...cluster]);
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
  const { exitCode, json, stderr } = await doctor(site.args, ...flags);
  expect(others(json).filter((line) => !line.startsWith('skipped'))).toEqual([
    mayPush.replace('m/docker.io', 'there/docker.io'),
  ]);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/warning: .* comes from a site file and is not signed/);
});
