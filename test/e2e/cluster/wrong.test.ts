import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packChart } from '../../helpers/chart.ts';
import type { Grant } from '../../helpers/cluster.ts';
import type { Outcome } from '../../install/jump-host.ts';
import { playInitContainer } from './init-container.ts';
import { changed, ofANamespace, type Site, secretOf, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());
beforeEach(() => site.reset());

async function install(flags: readonly string[]): Promise<Outcome> {
  return (await site.host()).install([...site.args, ...flags]);
}

/** Ended with that code and message; neither registry nor cluster saw a change. */
async function expectRefused(run: () => Promise<Outcome>, code: number, message: RegExp) {
  const [before, asked] = [await site.cluster.objects(), site.target.requests().length];
  const outcome = await run();
  expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
  expect(outcome.stderr).toMatch(/^error: .*\n( +\S.*\n)* {2}next: +\S/m);
  expect(await site.cluster.objects()).toEqual(before);
  expect(site.target.requests().length).toBe(asked);
}

test('reset leaves nothing of what a test did', async () => {
  const before = await site.cluster.objects();
  await site.cluster.kubectl('create', 'deployment', 'web', '--image=nginx:1');
  await site.cluster.kubectl('label', 'namespace', 'default', 'changed=yes');
  await site.reset();
  const labelled = await site.cluster.kubectl('get', 'namespace', 'default', '--output=json');
  expect(labelled).not.toContain('changed');
  expect([...(await site.cluster.objects()).keys()]).toEqual([...before.keys()]);
});

describe('before anything is changed, it ends at', () => {
  test('an authority that the cluster is not of', async () => {
    const ca = Buffer.from(site.authority.pem).toString('base64');
    const text = await readFile(site.cluster.kubeconfig, 'utf8');
    const other = text.replace(/(authority-data":")[^"]*/, `$1${ca}`);
    const path = await site.job.write('kubeconfig', other);
    await expectRefused(() => install(['--kubeconfig', path]), 11, /does not answer[\s\S]*x509/);
  });

  test('no namespace jet-system', async () => {
    await site.cluster.reset();
    const message = /the namespace jet-system does not exist[\s\S]*--create-namespace/;
    await expectRefused(() => install([]), 11, message);
  });

  test('a chart that refuses its values', async () => {
    const chart = await packChart(site.job.folder, 'refusing.tgz', {
      'image-swap/Chart.yaml': 'apiVersion: v2\nname: image-swap\nversion: 1.5.3\n',
      'image-swap/values.yaml': 'config: {ociImageRegistry: {endpoint: ""}}\n',
      'image-swap/values.schema.json': JSON.stringify({
        properties: { config: { properties: { ociImageRegistry: { required: ['region'] } } } },
      }),
    });
    const args = await site.bundle({ imageSwap: { chart } });
    const host = await site.host();
    await expectRefused(() => host.install(args), 11, /the chart refuses its values[\s\S]*region/);
  });

  test('a chart for another cluster', async () => {
    const chart = await packChart(site.job.folder, 'newer.tgz', {
      'image-swap/Chart.yaml':
        'apiVersion: v2\nname: image-swap\nversion: 1.5.3\nkubeVersion: ">=1.99"\n',
      'image-swap/values.yaml': 'config: {ociImageRegistry: {endpoint: ""}}\n',
    });
    const args = await site.bundle({ imageSwap: { chart } });
    const host = await site.host();
    await expectRefused(() => host.install(args), 11, /kubeVersion: >=1\.99/);
  });
});

/** What `--only secret` needs at the least. */
const needed: readonly (Grant & { readonly missed: string })[] = [
  { resources: ['namespaces'], verbs: ['get'], missed: 'get namespaces jet-system' },
  {
    namespace: 'jet-system',
    resources: ['secrets'],
    resourceNames: ['registry-info'],
    verbs: ['get'],
    missed: 'get secrets registry-info in jet-system',
  },
  {
    namespace: 'jet-system',
    resources: ['secrets'],
    verbs: ['create'],
    missed: 'create secrets registry-info in jet-system',
  },
  {
    namespace: 'jet-system',
    resources: ['secrets'],
    resourceNames: ['registry-info'],
    verbs: ['patch'],
    missed: 'patch secrets registry-info in jet-system',
  },
  {
    namespace: 'default',
    resources: ['configmaps'],
    resourceNames: ['airgap-bundle'],
    verbs: ['get'],
    missed: 'get configmaps airgap-bundle in default',
  },
  {
    namespace: 'default',
    resources: ['configmaps'],
    verbs: ['create', 'patch'],
    missed: 'create configmaps airgap-bundle in default',
  },
];

describe('a login', () => {
  const as = async (grants: typeof needed) => [
    '--only',
    'secret',
    '--kubeconfig',
    await site.cluster.kubeconfigFor(
      'installer',
      grants.map(({ missed: _, ...grant }) => grant),
    ),
  ];

  test('that may do no more than the step needs is enough', async () => {
    const outcome = await install(await as(needed));
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  });

  test.each(needed)('that may not $missed is told so', async ({ missed }) => {
    const flags = await as(needed.filter((one) => one.missed !== missed));
    const message = new RegExp(`does not allow what the steps need\n.*not allowed: ${missed}`);
    await expectRefused(() => install(flags), 11, message);
  });
});

/** Of a role for all of it, our own chart and --uninstall included. */
const forAll: readonly Grant[] = [
  { resources: ['namespaces'], verbs: ['get', 'create'] },
  { namespace: 'jet-system', resources: ['secrets'], verbs: ['get', 'create', 'patch', 'delete'] },
  {
    namespace: 'default',
    resources: ['secrets'],
    verbs: ['list', 'get', 'create', 'update', 'delete'],
  },
  { namespace: 'default', resources: ['configmaps'], verbs: ['get', 'create', 'patch', 'delete'] },
  {
    apiGroups: ['', 'apps', 'rbac.authorization.k8s.io'],
    resources: [
      ...['secrets', 'configmaps', 'serviceaccounts', 'services', 'deployments'],
      ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
    ],
    verbs: ['get', 'create', 'patch', 'delete', 'escalate', 'bind'],
  },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['mutatingwebhookconfigurations'],
    verbs: ['list', 'get', 'delete'],
  },
  {
    apiGroups: ['certificates.k8s.io'],
    resources: ['certificatesigningrequests'],
    verbs: ['get', 'delete'],
  },
  {
    apiGroups: ['', 'apps', 'rbac.authorization.k8s.io'],
    resources: [
      ...['configmaps', 'serviceaccounts', 'services', 'deployments', 'replicasets', 'pods'],
      ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
    ],
    verbs: ['list', 'watch'],
  },
];

test.each(['helm', 'helm4'] as const)(
  'a login without all rights of an admin installs, upgrades, repairs and takes away by %s',
  async (real) => {
    const before = await site.cluster.objects();
    const path = await site.cluster.kubeconfigFor('installer', forAll);
    const host = await site.host({ real });
    const done = async (args: readonly string[], ...flags: string[]) => {
      const outcome = await host.install([...args, '--kubeconfig', path, ...flags]);
      expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    };
    const pods = site.cluster.runPods();
    await done(site.args, '--wait');
    await playInitContainer(site);
    const upgrade = await site.bundle({
      ...{ version: '1.5.0', sequence: 8 },
      imageSwap: { isEKSCluster: true },
    });
    await done(upgrade, '--wait');
    await site.cluster.kubectl('delete', 'deployment', 'imageswap', '--namespace=imageswap-system');
    await done(upgrade, '--wait');
    await done(upgrade, '--wait');
    const list = await site.cluster.helm('list', '--output=json');
    expect(JSON.parse(list)).toMatchObject([{ revision: '3', status: 'deployed' }]);
    await done(upgrade, '--uninstall');
    await pods.stop();
    const rights = /^(cluster)?role(binding)?s\/(.*\/)?installer-/;
    const left = async () =>
      changed(before, await site.cluster.objects()).filter((key) => !rights.test(key));
    await expect.poll(left, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
  },
);

test('--wait by a login that may not watch is refused before it begins', async () => {
  const grants = forAll.filter(({ verbs }) => !verbs.includes('watch'));
  const path = await site.cluster.kubeconfigFor('installer', grants);
  const message =
    /not allowed: list deployments\.apps in imageswap-system\n.*not allowed: list replicasets/;
  await expectRefused(() => install(['--kubeconfig', path, '--wait']), 11, message);
});

test('a webhook of somebody else that nobody answers for is named with what could not be written', async () => {
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'strict' },
    webhooks: [
      {
        name: 'strict.example.org',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['secrets'] },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  };
  await site.cluster.kubectlWith(JSON.stringify(webhook), 'create', '--filename=-');
  const outcome = await install(['--only', 'secret']);
  expect(outcome).toMatchObject({
    code: 11,
    stderr: expect.stringMatching(/could not apply the Secret[\s\S]*strict\.example\.org/),
  });
  expect(await secretOf(site.cluster)).toBeUndefined();
});
