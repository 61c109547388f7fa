import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toolPath } from '../../helpers/tools.ts';
import { decoded, type HostOptions, type JumpHost } from '../../install/jump-host.ts';
import { hasWebhook, playInitContainer } from './init-container.ts';
import {
  changed,
  expectImages,
  ofANamespace,
  pull,
  type Site,
  secretOf,
  startSite,
} from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());

const ways: readonly [string, HostOptions][] = [
  ['Node and helm 3', { node: true }],
  ['bash alone, and helm 4', { shell: 'bash --posix', real: 'helm4' }],
  ['busybox alone', { shell: 'busybox sh' }],
];

describe.each(ways)('bundle to registry to cluster, with %s', (_, options) => {
  let host: JumpHost;
  let before: ReadonlyMap<string, string>;
  beforeAll(async () => {
    await site.emptyRegistry();
    await site.reset();
    before = await site.cluster.objects();
    host = await site.host(options);
  });

  test('the Secret has all seven keys byte by byte, and the release is there', async () => {
    const pods = site.cluster.runPods();
    const outcome = await host.install([...site.args, '--wait']);
    await pods.stop();
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    const secret = await secretOf(site.cluster);
    expect(secret?.type).toBe('Opaque');
    expect(decoded(secret)).toEqual({
      DOMAIN: site.target.host,
      BASE_PATH: 'm',
      USERNAME: pull.username,
      PASSWORD: pull.password,
      INSECURE: 'false',
      CA_CERT: site.authority.pem,
      MIRROR_REGISTRIES: `docker.io::${site.target.host}/m/docker.io,quay.io::${site.target.host}/m/quay.io`,
    });
    const [release] = JSON.parse(await site.cluster.helm('list', '--output=json'));
    expect(release).toMatchObject({ name: 'image-swap', status: 'deployed', revision: '1' });
    // Our chart is given no password: its pods pull by a Secret that helm does not know.
    expect(await site.cluster.helm('get', 'all', 'image-swap')).not.toContain('canary');
    await expectImages(site);
    expect(await host.leftovers()).toEqual([]);
  });

  test('a second run changes nothing', async () => {
    const done = await site.cluster.settled();
    const outcome = await host.install(site.args);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(await site.cluster.objects()).toEqual(done);
  });

  test('--uninstall takes everything away that it brought, and names the namespace', async () => {
    await playInitContainer(site);
    const outcome = await host.install([...site.args, '--uninstall']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('namespace imageswap-system was made by this script');
    // The garbage collector takes the pods of the deployment.
    const changes = async () => changed(before, await site.cluster.objects());
    await expect.poll(changes, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
  });
});

test('--uninstall asks for the rights to all that it deletes before it deletes anything', async () => {
  await site.reset();
  const host = await site.host();
  expect(await host.install([...site.args, '--skip', 'load'])).toMatchObject({ code: 0 });
  await playInitContainer(site);
  const nearly = await site.cluster.kubeconfigFor('installer', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] },
    {
      apiGroups: ['', 'apps', 'rbac.authorization.k8s.io', 'admissionregistration.k8s.io'],
      resources: ['*'],
      verbs: ['*'],
    },
  ]);
  const before = await site.cluster.objects();
  const outcome = await host.install([...site.args, '--uninstall', '--kubeconfig', nearly]);
  expect(outcome.code).toBe(11);
  expect(outcome.stderr).toMatch(
    /not allowed: delete certificatesigningrequests\.certificates\.k8s\.io imageswap\.imageswap-system\.cert-request\n/,
  );
  expect(await site.cluster.objects()).toEqual(before);
});

describe('--uninstall takes the webhook away', () => {
  let before: ReadonlyMap<string, string>;
  beforeEach(async () => {
    await site.reset();
    before = await site.cluster.objects();
  });

  const left = async () => changed(before, await site.cluster.objects());
  const installed = async (host: JumpHost) => {
    const outcome = await host.install([...site.args, '--skip', 'load']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  };

  test('that a pod makes while helm uninstalls', async () => {
    const host = await site.host({ programs: { helm: makingTheWebhook() } });
    await installed(host);
    const outcome = await host.install([...site.args, '--uninstall']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toMatch(/uninstalled[\s\S]*"imageswap-webhook" deleted/);
    await expect.poll(left, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
  });

  test('that helm uninstall by hand left, and none of somebody else', async () => {
    const host = await site.host();
    await site.cluster.kubectlWith(webhook('theirs', 'other'), 'create', '--filename=-');
    await site.cluster.kubectlWith(webhook('both', 'other', 'imageswap'), 'create', '--filename=-');
    before = await site.cluster.objects();
    await installed(host);
    await playInitContainer(site);
    await site.cluster.helm('uninstall', 'image-swap');
    const outcome = await host.install([...site.args, '--uninstall']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('imageswap-webhook, of a release that is gone');
    await expect.poll(left, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
  });

  test('but not where its Service is there without a release of ours', async () => {
    const host = await site.host();
    await installed(host);
    await playInitContainer(site);
    await site.cluster.helm('uninstall', 'image-swap');
    const service = ['service', 'clusterip', 'imageswap', '--namespace=imageswap-system'];
    await site.cluster.kubectl('create', ...service, '--tcp=443');
    const outcome = await host.install([...site.args, '--uninstall']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(await hasWebhook(site.cluster)).toBe(true);
    const tls = await site.cluster.get('secret', 'imageswap-tls', 'imageswap-system');
    expect(tls).toBeDefined();
  });

  test('and says that it does not know of one where the login may not look', async () => {
    const host = await site.host();
    expect(await host.install([...site.args, '--only', 'secret'])).toMatchObject({ code: 0 });
    const resources = ['secrets', 'configmaps', 'namespaces'];
    const verbs = ['get', 'list', 'delete'];
    const few = await site.cluster.kubeconfigFor('reader', [{ resources, verbs }]);
    const outcome = await host.install([...site.args, '--uninstall', '--kubeconfig', few]);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('it is not known whether a webhook was left');
  });
});

/** helm that, when it is to uninstall, first does what the init container of a late pod would. */
function makingTheWebhook(): string {
  const kubectl = `'${toolPath('kubectl')}' --kubeconfig '${site.cluster.kubeconfig}' --namespace imageswap-system`;
  return `#!/bin/sh
case " $* " in
  *' uninstall '*)
    ${kubectl} get configmap imageswap-mwc-template --output 'go-template={{index .data "imageswap-mwc"}}' |
      ${kubectl} create --filename - >&2
    ${kubectl} create secret generic imageswap-tls >&2
    ;;
esac
exec '${toolPath('helm')}' "$@"
`;
}

function webhook(name: string, ...services: string[]): string {
  const webhooks = services.map((service) => ({
    name: `${service}.example.org`,
    clientConfig: { service: { name: service, namespace: 'imageswap-system' } },
    rules: [],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  }));
  const kind = 'MutatingWebhookConfiguration';
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return JSON.stringify({ apiVersion, kind, metadata: { name }, webhooks });
}
