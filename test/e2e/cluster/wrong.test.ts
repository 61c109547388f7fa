import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packChart } from '../../helpers/chart.ts';
import type { Grant } from '../../helpers/cluster.ts';
import { freePort } from '../../helpers/registry.ts';
import type { HostOptions, Outcome } from '../../install/jump-host.ts';
import { playInitContainer } from './init-container.ts';
import { changed, ofANamespace, type Site, secretOf, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());
beforeEach(() => site.reset());

async function install(flags: readonly string[], options?: HostOptions): Promise<Outcome> {
  return (await site.host(options)).install([...site.args, ...flags]);
}

/** A kubeconfig with something else in it. */
async function kubeconfigWith(change: (text: string) => string): Promise<string> {
  return site.job.write('kubeconfig', change(await readFile(site.cluster.kubeconfig, 'utf8')));
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

describe('before anything is changed, it ends at', () => {
  test.each<[string, HostOptions, RegExp]>([
    ['no kubectl', { without: ['kubectl'] }, /kubectl is needed and not on PATH/],
    ['no helm', { without: ['helm'] }, /helm is needed and not on PATH/],
    ['no oras', { without: ['oras'] }, /oras is needed and not on PATH/],
  ])('%s', (_, options, message) => expectRefused(() => install([], options), 3, message));

  test('no cluster', async () => {
    const port = await freePort();
    const path = await kubeconfigWith((text) =>
      text.replace(site.cluster.server, `https://127.0.0.1:${port}`),
    );
    const message = new RegExp(`the cluster does not answer\n.*127.0.0.1:${port}.*refused`);
    await expectRefused(() => install(['--kubeconfig', path]), 11, message);
  });

  test('a login that is not known', async () => {
    const path = await kubeconfigWith((text) => text.replace(/"token":"[^"]*"/, '"token":"wrong"'));
    const message = /does not accept this login/;
    await expectRefused(() => install(['--kubeconfig', path]), 11, message);
  });

  test('an authority that the cluster is not of', async () => {
    const ca = Buffer.from(site.authority.pem).toString('base64');
    const path = await kubeconfigWith((text) =>
      text.replace(/"certificate-authority-data":"[^"]*"/, `"certificate-authority-data":"${ca}"`),
    );
    await expectRefused(() => install(['--kubeconfig', path]), 11, /does not answer[\s\S]*x509/);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['a wrong context', ['--context', 'elsewhere'], /no such context[\s\S]*expected: +test/],
    [
      'no kubeconfig',
      ['--kubeconfig', '/nowhere'],
      /the kubeconfig cannot be read[\s\S]*\/nowhere/,
    ],
    [
      'no password file',
      ['--password-file', '/nowhere'],
      /the pull password file cannot be read[\s\S]*\/nowhere/,
    ],
  ])('%s', (_, flags, message) => expectRefused(() => install(flags), 2, message));

  test('no namespace jet-system', async () => {
    await site.cluster.reset();
    const message = /the namespace jet-system does not exist[\s\S]*--create-namespace/;
    await expectRefused(() => install([]), 11, message);
  });

  test('no namespace for the release', () =>
    expectRefused(() => install(['--namespace', 'swap']), 11, /the namespace swap does not exist/));

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

test('--create-namespace makes the namespaces, which --uninstall names and leaves', async () => {
  await site.cluster.reset();
  const where = ['--namespace', 'swap', '--only', 'secret'];
  const made = await install([...where, '--create-namespace']);
  expect(made, made.stderr).toMatchObject({ code: 0 });
  expect(await secretOf(site.cluster)).toBeDefined();
  const undone = await install(['--namespace', 'swap', '--uninstall']);
  expect(undone).toMatchObject({ code: 0 });
  for (const name of ['jet-system', 'swap']) {
    expect(undone.stdout).toContain(`kubectl delete namespace ${name}`);
    expect(await site.cluster.get('namespace', name)).toBeDefined();
  }
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

  test('that may do nothing is told of all at once', async () => {
    const flags = ['--kubeconfig', await site.cluster.kubeconfigFor('stranger')];
    const message =
      /not allowed: get namespaces jet-system[\s\S]*get secrets registry-info in jet-system[\s\S]*list secrets in default/;
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
];

test('a login without all rights of an admin installs and takes away', async () => {
  const before = await site.cluster.objects();
  const path = await site.cluster.kubeconfigFor('installer', forAll);
  const flags = ['--kubeconfig', path];
  const made = await install(flags);
  expect(made, made.stderr).toMatchObject({ code: 0 });
  await playInitContainer(site);
  const undone = await install([...flags, '--uninstall']);
  expect(undone, undone.stderr).toMatchObject({ code: 0 });
  const rights = /^(cluster)?role(binding)?s\/(.*\/)?installer-/;
  const left = async () =>
    changed(before, await site.cluster.objects()).filter((key) => !rights.test(key));
  await expect.poll(left, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
});

describe('a webhook that nobody answers for', () => {
  test("of image-swap itself is told, and that its pods' images are not swapped", async () => {
    expect(await install([])).toMatchObject({ code: 0 });
    await playInitContainer(site);
    const outcome = await install(['--only', 'check']);
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toMatch(
      /webhook imageswap-webhook is registered, but nothing is ready behind/,
    );
  });

  test('of somebody else, for Secrets, is named with what could not be written', async () => {
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
});
