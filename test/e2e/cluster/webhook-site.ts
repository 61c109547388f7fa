import { expect, vi } from 'vitest';
import { mirrors, ownImages, pageMap } from '../../../demo/samples.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { Pod } from '../../helpers/admission.ts';
import { type Cluster, startCluster } from '../../helpers/cluster.ts';
import { startForwardProxy } from '../../helpers/forward-proxy.ts';
import { pushImage } from '../../helpers/images.ts';
import { type Job, type Outcome, type OutcomeInventory, startJob } from '../../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../../helpers/registry.ts';
import { type Authority, makeAuthority } from '../../helpers/tls.ts';
import { makeJumpHost } from '../../install/jump-host.ts';
import { type ImageSwap, installedMap, register, startImageSwap } from './image-swap.ts';

/** The page's example, as it stands: its target is a name that only the proxy knows. */
export const endpoint = 'harbor.example.org';
export const wanted = 'k8s.twr.io/imageswap=enabled';

/** A cluster in which install.sh has installed a bundle with our own chart, and whose webhook answers. */
export interface WebhookSite {
  readonly cluster: Cluster;
  readonly target: TestRegistry;
  readonly authority: Authority;
  readonly job: Job;
  readonly imageSwap: ImageSwap;
  /** The map file of the installed chart. */
  readonly map: string;
  /** Of the bundle. */
  readonly inventory: OutcomeInventory;
  /** Names with a digest, of images in the bundle. */
  readonly pinned: readonly string[];
  /** Writes bundle.yaml for the same registries. */
  describe(mirrorRegistries: string, images: readonly string[]): Promise<unknown>;
  openNamespace(name: string, label?: string): Promise<void>;
  /** Makes a pod an image, which an init container and a container of it name. */
  run(namespace: string, images: readonly string[], labels?: object): Promise<void>;
  /** The images that the API server keeps for each pod, by the image that the pod was made with. */
  kept(namespace: string): Promise<Record<string, string[]>>;
  /** Until the API server has read which webhooks there are. @param said of a new pod */
  until(said: RegExp): Promise<void>;
  stop(): Promise<void>;
}

/** @param tagged images of the bundle with their tags; others are added by their digests */
export async function startWebhookSite(tagged: readonly string[]): Promise<WebhookSite> {
  const [cluster, source, target, proxy, authority] = await Promise.all([
    startCluster(),
    startRegistry(),
    startRegistry(),
    startForwardProxy(),
    makeAuthority(),
  ]);
  proxy.lead(endpoint, target.host);
  const job = await startJob({ HTTP_PROXY: proxy.url });
  const pinned = await pushAll(source.host, tagged);
  const describe: WebhookSite['describe'] = (mirrorRegistries, images) =>
    job.write('bundle.yaml', { ...bundleFile(source.host, mirrorRegistries), images });
  await describe(pageMap(endpoint), [...tagged, ...pinned]);
  const inventory = await install(job, cluster, proxy.url);
  const imageSwap = await startImageSwap(authority);
  const map = await installedMap(cluster);
  imageSwap.useMap(map);
  await register(cluster, imageSwap);
  const pods = podsOf(cluster);
  await pods.openNamespace('probes');
  await pods.until(new RegExp(`image: ${endpoint}`));
  return {
    ...{ cluster, target, authority, job, imageSwap, map, inventory, pinned, describe },
    ...pods,
    stop: async () => {
      const started = [cluster, source, target, proxy, imageSwap].map((one) => one.stop());
      await Promise.all([...started, authority.remove(), job.remove()]);
    },
  };
}

async function pushAll(source: string, tagged: readonly string[]): Promise<string[]> {
  const push = async (image: string) => {
    const { registry, repository, tag = '' } = parseReference(image);
    const options = { layers: [repository, tag], platforms: ['linux/amd64', 'linux/arm64'] };
    return (await pushImage(source, `${registry}/${repository}`, tag, options)).digest;
  };
  for (const image of [...tagged, ...Object.values(ownImages)]) await push(image);
  const controller = 'registry.k8s.io/ingress-nginx/controller:v1.14.1';
  const redis = await push('redis:7');
  return [
    `${controller}@${await push(controller)}`,
    `quay.io/calico/node@${await push('quay.io/calico/node:v3.30.3')}`,
    ...[`redis@${redis}`, `docker.io/library/redis:7@${redis}`],
  ];
}

function bundleFile(source: string, mirrorRegistries: string): object {
  return {
    apiVersion: 'airgap-bundle/v1',
    name: 'pcg-override',
    version: '1.4.0',
    ociImageRegistry: {
      endpoint,
      name: 'harbor',
      baseContentPath: 'airgap-images',
      insecureSkipVerify: false,
      mirrorRegistries,
    },
    registries: {
      ...mirrors(source),
      'public.ecr.aws': { mirror: `${source}/public.ecr.aws` },
      [endpoint]: { plainHttp: true },
    },
    signing: { key: 'bundle.key' },
  };
}

/** Images into the target, the chart into the cluster; resolves to what the bundle says of itself. */
async function install(job: Job, cluster: Cluster, proxy: string): Promise<OutcomeInventory> {
  await job.done('keygen', '--out', 'bundle.key');
  const { bundle } = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  const host = await makeJumpHost({ real: 'helm' });
  const trust = ['--key', job.path('bundle.pub'), '--kubeconfig', cluster.kubeconfig];
  const args = [bundle, ...trust, '--yes', '--create-namespace'];
  const installed = await host.install(args, { HTTP_PROXY: proxy });
  await host.remove();
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
  return (await job.done<Outcome>('inspect', bundle)).inventory;
}

function podsOf({
  kubectl,
  kubectlWith,
}: Cluster): Pick<WebhookSite, 'openNamespace' | 'run' | 'kept' | 'until'> {
  return {
    openNamespace: async (name, label = wanted) => {
      // Whoever watches namespaces never sees this one without its label.
      const [key = '', value = ''] = label.split('=');
      const metadata = { name, labels: { [key]: value } };
      const namespace = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata });
      await kubectlWith(namespace, 'create', '--filename=-');
      await kubectl('wait', '--for=create', '--namespace', name, 'serviceaccount/default');
    },
    run: async (namespace, images, labels = {}) => {
      const items = images.map((image, at) => pod(`pod-${at}`, image, labels));
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      await kubectlWith(list, 'create', '--namespace', namespace, '--filename=-');
    },
    kept: async (namespace) => {
      const list = await kubectl('get', 'pods', '--namespace', namespace, '--output=json');
      return Object.fromEntries((JSON.parse(list) as { items: Pod[] }).items.map(imagesOf));
    },
    until: async (said) => {
      const which = ['--namespace=probes', '--image=nginx:1.27'];
      const probe = ['run', 'probe', ...which, '--dry-run=server', '--output=yaml'];
      await vi.waitFor(async () => expect(await kubectl(...probe)).toMatch(said), 20_000);
    },
  };
}

const pod = (name: string, image: string, labels: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels, annotations: { image } },
  spec: { initContainers: [{ name: 'init', image }], containers: [{ name: 'main', image }] },
});

const imagesOf = ({ metadata, spec: { initContainers = [], containers } }: Pod) => [
  metadata.annotations?.image ?? '',
  [...initContainers, ...containers].map(({ image }) => image),
];
