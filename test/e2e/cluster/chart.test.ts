import { delimiter, dirname } from 'node:path';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { defaultChartPath, installScriptPath } from '../../../src/install/assets.ts';
import { digestOfReference } from '../../helpers/ask.ts';
import { makeChart } from '../../helpers/chart.ts';
import { type Cluster, startCluster } from '../../helpers/cluster.ts';
import { pushImage } from '../../helpers/images.ts';
import { type Job, reached, startJob } from '../../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../../helpers/registry.ts';
import { toolPath } from '../../helpers/tools.ts';
import { ofANamespace } from './site.ts';

const home = 'imageswap-system';
let cluster: Cluster;
let job: Job;
let source: TestRegistry;
let target: TestRegistry;
beforeAll(async () => {
  [cluster, job, source, target] = await Promise.all([
    startCluster(),
    startJob(),
    startRegistry(),
    startRegistry(),
  ]);
});
afterEach(() => cluster.reset());
afterAll(() => Promise.all([cluster, source, target].map((one) => one?.stop())).then(job.remove));

const values = [
  '--set=config.ociImageRegistry.endpoint=h.example.org',
  '--set=config.ociImageRegistry.mirrorRegistries=docker.io::h.example.org/m/docker.io',
];
const install = ['upgrade', '--install', 'image-swap', defaultChartPath(), ...values];

/** What stands beside what a cluster without the chart has; of names that Kubernetes makes up, the beginning. */
async function added(before: ReadonlyMap<string, string>): Promise<string[]> {
  const now = [...(await cluster.objects()).keys()].filter((key) => !before.has(key));
  return now.map((key) => key.replace('/registry/', '')).sort();
}

describe.each(['helm', 'helm4'] as const)('%s', (helm) => {
  test('installs it, upgrades it, and takes all of it away but the namespace', async () => {
    const before = await cluster.objects();
    await cluster[helm](...install);
    await cluster.kubectl('wait', '--for=create', '--namespace', home, 'serviceaccount/default');
    const objects = await added(before);
    expect(objects).toEqual(expect.arrayContaining([...ofANamespace(home), ...ofTheChart]));
    expect(await cluster[helm](...install, '--set=replicas=2')).toContain('REVISION: 2');
    await cluster[helm]('uninstall', 'image-swap', '--wait');
    await expect.poll(() => added(before), { timeout: 20_000 }).toEqual(ofANamespace(home));
    expect(await cluster[helm](...install)).toContain('REVISION: 1');
  });

  test('leaves a namespace that is there as it is', async () => {
    await cluster.kubectl('create', 'namespace', home);
    await cluster.kubectl('label', 'namespace', home, 'owner=somebody');
    const labels = async () =>
      (await cluster.get<{ metadata: { labels: object } }>('namespace', home))?.metadata.labels;
    const own = await labels();
    await cluster[helm](...install);
    await cluster[helm](...install, '--set=replicas=2');
    expect(await labels()).toEqual(own);
    await cluster[helm]('uninstall', 'image-swap', '--wait');
    expect(await labels()).toEqual(own);
  });

  test('its pod becomes ready where pods run', async () => {
    const pods = cluster.runPods();
    await cluster[helm](...install, '--wait', '--timeout=30s');
    await pods.stop();
    expect(await cluster[helm]('status', 'image-swap')).toContain('STATUS: deployed');
  });
});

const ofTheChart = [
  `clusterrolebindings/imageswap-init`,
  `clusterroles/imageswap-init`,
  `configmaps/${home}/imageswap-maps`,
  `configmaps/${home}/imageswap-mwc-template`,
  `deployments/${home}/imageswap`,
  `rolebindings/${home}/imageswap-init`,
  `roles/${home}/imageswap-init`,
  'secrets/default/sh.helm.release.v1.image-swap.v1',
  `serviceaccounts/${home}/imageswap-sa`,
  `services/specs/${home}/imageswap`,
];

/** The webhook as the init container would register it, save for the cluster's authority. */
async function webhook(): Promise<Webhooks> {
  const config = await cluster.get<{ data: Record<string, string> }>(
    'configmap',
    'imageswap-mwc-template',
    home,
  );
  return load(config?.data['imageswap-mwc'] ?? '') as Webhooks;
}

interface Webhooks {
  readonly webhooks: readonly object[];
}

const create = (object: object) =>
  cluster.kubectlWith(JSON.stringify(object), 'create', '--filename=-');

describe('the webhook is asked about', () => {
  const enabled = 'k8s.twr.io/imageswap=enabled';
  const disabled = 'k8s.twr.io/imageswap=disabled';

  test.each([
    ['a pod in a namespace that wants it', 'apps', [enabled], [], true],
    ['no pod in a namespace that says nothing', 'apps', [], [], false],
    ['no pod in a namespace that does not want it', 'apps', [disabled], [], false],
    ['no pod that does not want it', 'apps', [enabled], [disabled], false],
    ['no pod of its own', home, [enabled], [], false],
    ['no pod of the system', 'kube-system', [enabled], [], false],
  ])('%s', async (_, namespace, namespaceLabels, podLabels, asked) => {
    await cluster.helm(...install);
    if (namespace === 'apps') await cluster.kubectl('create', 'namespace', namespace);
    for (const label of namespaceLabels)
      await cluster.kubectl('label', 'namespace', namespace, label);
    const account = ['--namespace', namespace, 'serviceaccount/default'];
    await cluster.kubectl('wait', '--for=create', ...account);
    // At an address where nobody answers, so that it shows at once who is asked about.
    const clientConfig = { url: 'https://127.0.0.1:1/' };
    const written = await webhook();
    const webhooks = written.webhooks.map((one) => ({ ...one, clientConfig }));
    await create({ ...written, webhooks });
    const labels = podLabels.map((label) => `--labels=${label}`);
    const pod = ['run', 'web', '--image=nginx:1', '--namespace', namespace, ...labels];
    await expect
      .poll(() => cluster.kubectl(...pod, '--dry-run=server').catch(({ stderr }) => stderr))
      .toContain(asked ? 'failed calling webhook' : 'pod/web created');
  });
});

describe('the init container', () => {
  const asItself = `--as=system:serviceaccount:${home}:imageswap-sa`;
  const request = 'imageswap.imageswap-system.cert-request';

  /** A certificate request as kubelets make them, which is the kind that this signer signs. */
  async function certificateRequest(name: string): Promise<object> {
    const subject = '/O=system:nodes/CN=system:node:imageswap.imageswap-system.svc';
    const names = 'subjectAltName=DNS:imageswap.imageswap-system.svc';
    const argv = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', job.path('key')];
    const { stdout } = await execa('openssl', [...argv, '-subj', subject, '-addext', names]);
    const spec = {
      request: Buffer.from(`${stdout}\n`).toString('base64'),
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['key encipherment', 'digital signature', 'server auth'],
    };
    const kind = 'CertificateSigningRequest';
    const apiVersion = 'certificates.k8s.io/v1';
    return { apiVersion, kind, metadata: { name }, spec };
  }

  test('may do what it does: a certificate, its Secret, the webhook', async () => {
    await cluster.helm(...install);
    const itself = (...argv: string[]) => cluster.kubectl(asItself, ...argv);
    const create = (object: object) =>
      cluster.kubectlWith(JSON.stringify(object), asItself, 'create', '--filename=-');
    const tls = ['secret', 'imageswap-tls', '--namespace', home];
    await expect(itself('get', ...tls)).rejects.toThrow('NotFound');
    await expect(itself('get', 'csr', request)).rejects.toThrow('NotFound');
    await create(await certificateRequest(request));
    await itself('get', 'csr', request, '--subresource=status');
    await itself('certificate', 'approve', request);
    expect(await itself('get', 'csr', request)).toContain('Approved');
    await itself('delete', 'csr', request);
    await itself('create', 'secret', 'generic', 'imageswap-tls', '--namespace', home);
    await itself('patch', ...tls, '--patch={"metadata":{"labels":{"a":"b"}}}');
    await itself('get', 'namespaces');
    const hook = ['mutatingwebhookconfiguration', 'imageswap-webhook'];
    await expect(itself('get', ...hook)).rejects.toThrow('NotFound');
    await create(await webhook());
    await itself('patch', ...hook, '--patch={"metadata":{"labels":{"a":"b"}}}');
  });

  test.each([
    ['read other Secrets of its namespace', ['get', 'secret/imageswap-pull', '--namespace', home]],
    ['list them', ['list', 'secrets', '--namespace', home]],
    ['make Secrets elsewhere', ['create', 'secrets', '--namespace=default']],
    ['approve another request', ['update', 'csr/other', '--subresource=approval']],
    ['approve for another signer', ['approve', 'signers/kubernetes.io/kube-apiserver-client']],
    ['sign', ['sign', 'signers/kubernetes.io/kubelet-serving']],
    ['change other webhooks', ['patch', 'mutatingwebhookconfigurations/other']],
    ['take its own away', ['delete', 'mutatingwebhookconfigurations/imageswap-webhook']],
    ['read pods', ['get', 'pods', '--namespace', home]],
    ['change the map', ['update', 'configmaps', '--namespace', home]],
  ])('may not %s', async (_, question) => {
    await cluster.helm(...install);
    const ask = ['auth', 'can-i', ...question];
    expect(await cluster.kubectl(...ask)).toBe('yes');
    await expect(cluster.kubectl(asItself, ...ask)).rejects.toMatchObject({ stdout: 'no' });
  });
});

describe('a bundle', () => {
  const password = `password of the puller p'w "\\$x 日`;
  const pull = () => ['--username=puller', `--password-file=${job.path('pull.txt')}`];

  beforeAll(async () => {
    for (const name of ['thewebroot/imageswap-init', 'thewebroot/imageswap'])
      await pushImage(source.host, `docker.io/${name}`, 'v1.5.3');
    await pushImage(source.host, 'docker.io/library/nginx', '1');
    await job.done('keygen', '--out', 'bundle.key');
    await job.write('pull.txt', password);
  });

  async function createBundle(version: string, imageSwap: object): Promise<string> {
    const registries = reached(source.host, target.host);
    await job.bundle(target.host, { version, imageSwap, images: ['nginx:1'], registries });
    const { exitCode, stderr } = await job.run('create', '-f', 'bundle.yaml', '-o', '.');
    expect(exitCode, stderr).toBe(0);
    return stderr;
  }

  test('without imageSwap.chart brings ours, its images, and no password into its release', {
    timeout: 60_000,
  }, async () => {
    const said = await createBundle('1.0.0', {});
    expect(said).toContain('taking our own chart, image-swap 1.5.3');
    expect(said).not.toContain('warning');
    const before = await cluster.objects();
    await runInstaller('1.0.0', '--create-namespace', ...pull());

    const { spec } = (await cluster.get('deployment', 'imageswap', home)) as {
      spec: { template: { spec: { containers: { image: string }[] } } };
    };
    const image = `${target.host}/m/docker.io/thewebroot/imageswap:v1.5.3`;
    expect(spec.template.spec.containers[0]?.image).toBe(image);
    expect(await digestOfReference(target.host, image)).toMatch(/^sha256:/);
    expect(await pullSecret('imageswap-pull', home)).toEqual(loggedIn());
    expect(await cluster.helm('get', 'all', 'image-swap')).not.toContain('password of the puller');

    await create(await webhook());
    await cluster.kubectl('create', 'secret', 'generic', 'imageswap-tls', '--namespace', home);
    await runInstaller('1.0.0', '--uninstall');
    const left = ['jet-system', home].flatMap(ofANamespace).sort();
    await expect.poll(() => added(before), { timeout: 20_000 }).toEqual(left);
  });

  test('with a chart that makes a pull Secret of its values gives it what makes one', {
    timeout: 60_000,
  }, async () => {
    const images = { init: 'thewebroot/imageswap-init:v1.5.3', image: 'nginx:1' };
    await makeChart(job.folder, { spelling: 'nested', pullSecret: 'values', images });
    await createBundle('1.0.1', { chart: './image-swap-1.5.3.tgz' });
    await runInstaller('1.0.1', '--create-namespace');
    expect(await pullSecret('spectro-image-pull-secret', 'default')).toBeUndefined();
    await runInstaller('1.0.1', ...pull());
    expect(await pullSecret('spectro-image-pull-secret', 'default')).toEqual(loggedIn());
    const { config } = JSON.parse(
      await cluster.helm('get', 'values', 'image-swap', '--output=json'),
    );
    expect(config.ociImageRegistry).toMatchObject({ username: 'puller', password });
  });

  const loggedIn = () => ({ [target.host]: `puller:${password}` });

  /** What a pull Secret says, by host; undefined when there is none. */
  async function pullSecret(name: string, namespace: string) {
    const secret = await cluster.get<{ data: Record<string, string> }>('secret', name, namespace);
    if (!secret) return undefined;
    const decode = (text: string) => Buffer.from(text, 'base64').toString();
    const { auths } = JSON.parse(decode(secret.data['.dockerconfigjson'] ?? '')) as {
      auths: Record<string, { auth: string }>;
    };
    return Object.fromEntries(
      Object.entries(auths).map(([host, { auth }]) => [host, decode(auth)]),
    );
  }

  async function runInstaller(version: string, ...argv: string[]): Promise<void> {
    const bundle = [job.path(`sample-${version}.tar`), '--key', job.path('bundle.pub'), '--yes'];
    const words = [...bundle, '--kubeconfig', cluster.kubeconfig, ...argv];
    await execa('sh', [installScriptPath(), ...words], {
      env: {
        PATH: [dirname(toolPath('oras')), '/usr/bin', '/bin'].join(delimiter),
        HOME: job.path('home'),
        XDG_STATE_HOME: job.path('state'),
      },
      extendEnv: false,
    });
  }
});
