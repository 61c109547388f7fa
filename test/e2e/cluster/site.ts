import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { vi } from 'vitest';
import { ownImages, pushSamples } from '../../../demo/samples.ts';
import { makeChart } from '../../helpers/chart.ts';
import { type Cluster, startCluster } from '../../helpers/cluster.ts';
import type { Objects } from '../../helpers/etcd.ts';
import { type Job, reached, section, startJob } from '../../helpers/job.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../../helpers/registry.ts';
import { type Authority, makeAuthority } from '../../helpers/tls.ts';
import { toolPath } from '../../helpers/tools.ts';
import { type HostOptions, type JumpHost, makeJumpHost } from '../../install/jump-host.ts';
import { startTokenService, type TokenService } from '../../registry/token-service.ts';

// A cluster beside all other tests on two cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Who pushes into the target, and what the cluster pulls with: a registry without tokens knows the first one alone. */
export const push = { username: 'pusher', password: 'push "$\\ canary' };
export const pull = { username: 'puller', password: `pull canary {{ \`$x\` }} "'\\` };

/** Everything behind the gap: a cluster, a registry with TLS and a password, bundles, and jump hosts. */
export interface Site {
  readonly cluster: Cluster;
  readonly target: TestRegistry;
  /** Where the registry takes tokens: it lets the puller pull, and no more. */
  readonly tokens: TokenService | undefined;
  readonly authority: Authority;
  readonly job: Job;
  /** Arguments of install.sh: bundle, key, both credentials and the cluster. */
  readonly args: readonly string[];
  /** The same for another bundle. @param fields of bundle.yaml, over those of the first one */
  bundle(fields: object): Promise<readonly string[]>;
  /** Its kubectl and helm are real. They go with the site. */
  host(options?: HostOptions): Promise<JumpHost>;
  /** Takes all images out of the registry. */
  emptyRegistry(): Promise<void>;
  /** Stops the registry and starts it where it was, with all that it has. */
  restartRegistry(options?: RegistryOptions): Promise<void>;
  /** Puts what is under one reference of the registry under another one too. */
  moveTag(from: string, to: string): Promise<void>;
  /** The cluster as it was, with jet-system. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param chart our own, the embedded one, or a vendor's that puts a credential into its values.
 * @param login a password file that has the pusher alone, or tokens for both
 */
export async function startSite(
  chart: 'own' | 'vendor' = 'own',
  login: 'password' | 'tokens' = 'password',
): Promise<Site> {
  const authority = await makeAuthority();
  const tls = await authority.issue(['IP:127.0.0.1']);
  const tokens =
    login === 'tokens' ? await startTokenService(push, { puller: pull, tls }) : undefined;
  const ofTarget = { tls, ...(tokens ? { env: tokens.registryEnv } : { htpasswd: push }) };
  const [cluster, source, first, job] = await Promise.all([
    startCluster(),
    startRegistry(),
    startRegistry(ofTarget),
    startJob(),
  ]);
  let target = first;
  await pushSamples(source.host);
  await makeChart(job.folder, { spelling: 'nested', images: ownImages });
  await job.done('keygen', '--out', 'bundle.key');
  await job.write('ca.pem', authority.pem);
  await job.write('push', `${push.password}\n`);
  await job.write('pull', `${pull.password}\n`);
  let bundles = 0;
  const bundle: Site['bundle'] = async (fields) => {
    const out = `out-${bundles++}`;
    await job.write('bundle.yaml', { ...firstBundle(source.host, target.host, chart), ...fields });
    const argv = ['create', '-f', 'bundle.yaml', '-o', out];
    const { bundle } = await job.done<{ bundle: string }>(...argv);
    const credentials = ['--username', pull.username, '--password-file', job.path('pull')];
    const pushing = ['--push-username', push.username, '--push-password-file', job.path('push')];
    const key = ['--key', job.path('bundle.pub')];
    return [bundle, ...key, ...credentials, ...pushing, '--kubeconfig', cluster.kubeconfig];
  };
  const hosts: JumpHost[] = [];
  return {
    cluster,
    get target() {
      return target;
    },
    tokens,
    authority,
    job,
    args: await bundle({}),
    bundle,
    host: async (options = {}) => {
      const host = await makeJumpHost({ real: 'helm', ...options });
      hosts.push(host);
      return host;
    },
    emptyRegistry: async () => {
      await rm(join(target.folder, 'storage'), { recursive: true, force: true });
      await mkdir(join(target.folder, 'storage'));
    },
    restartRegistry: async (options = {}) => {
      await target.stop({ keep: true });
      const place = { folder: target.folder, port: Number(target.host.split(':')[1]) };
      target = await startRegistry({ ...ofTarget, ...place, ...options });
    },
    moveTag: async (from, to) => {
      const config = await loginFile(job, target);
      const ends = ['from', 'to'].flatMap((end) => [
        `--${end}-registry-config=${config}`,
        `--${end}-ca-file=${authority.path}`,
      ]);
      await execa(toolPath('oras'), ['cp', ...ends, '--no-tty', from, to]);
    },
    reset: async () => {
      await cluster.reset();
      await cluster.kubectl('create', 'namespace', 'jet-system');
      const own = ['serviceaccount/default', 'configmap/kube-root-ca.crt'];
      await cluster.kubectl('wait', '--for=create', '--namespace=jet-system', ...own);
    },
    stop: async () => {
      const all = [cluster.stop(), source.stop(), target.stop(), job.remove(), authority.remove()];
      await Promise.all([...all, tokens?.stop(), ...hosts.map((host) => host.remove())]);
    },
  };
}

export const images = ['nginx:1', 'quay.io/calico/node:v3.30.3'];

function firstBundle(source: string, target: string, chart: 'own' | 'vendor'): object {
  return {
    apiVersion: 'airgap-bundle/v1',
    name: 'pcg-override',
    version: '1.4.0',
    sequence: 7,
    ociImageRegistry: { ...section(target), caCert: './ca.pem' },
    ...(chart === 'vendor' && { imageSwap: { chart: './image-swap-1.5.3.tgz' } }),
    images,
    registries: { ...reached(source, target), [target]: {} },
    signing: { key: 'bundle.key' },
  };
}

export interface Secret {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export const secretOf = (cluster: Cluster) =>
  cluster.get<Secret>('secret', 'registry-info', 'jet-system');

/** Keys of the objects that came, went or changed. */
export function changed(before: Objects, after: Objects): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  const differing = [...keys].filter((key) => before.get(key) !== after.get(key));
  return differing.map((key) => key.replace('/registry/', '')).sort();
}

/** What the control plane puts into every namespace, and the namespace itself. */
export const ofANamespace = (name: string) => [
  `configmaps/${name}/kube-root-ca.crt`,
  `namespaces/${name}`,
  `serviceaccounts/${name}/default`,
];

/** Every placement is in the registry, the chart's own images too. */
export async function expectImages({ target, authority, job }: Site): Promise<void> {
  const config = await loginFile(job, target);
  const flags = ['--registry-config', config, '--ca-file', authority.path, '--no-tty'];
  const names = [
    'docker.io/nginx:1',
    'docker.io/library/nginx:1',
    'quay.io/calico/node:v3.30.3',
    ...Object.values(ownImages),
  ];
  for (const name of names) {
    const reference = `${target.host}/m/${name}`;
    const copy = ['cp', ...flags.map((flag) => flag.replace(/^--(registry|ca)/, '--from-$1'))];
    await execa(toolPath('oras'), [...copy, '--to-oci-layout', reference, job.path('pulled')]);
  }
}

/** The path of a docker config by which oras pushes. */
async function loginFile(job: Job, { host }: TestRegistry): Promise<string> {
  const auth = Buffer.from(`${push.username}:${push.password}`).toString('base64');
  await job.write('registry.json', JSON.stringify({ auths: { [host]: { auth } } }));
  return job.path('registry.json');
}

/** What an install leaves in the cluster, without the names and numbers that are others each time. */
export async function endState({ cluster }: Site): Promise<object> {
  const madeUp = /^(pods|replicasets|ipaddresses)\//;
  const objects = changed(new Map(), await cluster.objects()).filter((key) => !madeUp.test(key));
  const [registry, pullSecret, note] = await Promise.all([
    secretOf(cluster),
    cluster.get<Secret>('secret', 'imageswap-pull', 'imageswap-system'),
    cluster.get<Secret>('configmap', 'airgap-bundle'),
  ]);
  const release = '{{.Release.Info.Status}} {{.Release.Config}}\n{{.Release.Manifest}}';
  return {
    objects,
    data: [registry, pullSecret, note].map((one) => one?.data),
    annotations: [registry, pullSecret, note].map((one) => one?.metadata.annotations),
    release: await cluster.helm('get', 'all', 'image-swap', '--template', release),
  };
}
