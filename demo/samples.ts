import { type ImageOptions, pushImage } from '../test/helpers/images.ts';

/** The map of the manual procedure's page, as it stands there. */
export const pageMap = (host: string): string =>
  [
    `docker.io::${host}/airgap-images/docker.io`,
    `gcr.io::${host}/airgap-images/gcr.io`,
    `ghcr.io::${host}/airgap-images/ghcr.io`,
    `k8s.gcr.io::${host}/airgap-images/gcr.io`,
    `registry.k8s.io::${host}/airgap-images/k8s.io`,
    `quay.io::${host}/airgap-images/quay.io`,
    `us-docker.pkg.dev::${host}/airgap-images`,
  ].join(',');

const debian = 'a base layer that several images share\n'.repeat(2000);
const distroless = 'another base layer\n'.repeat(1000);
const both = ['linux/amd64', 'linux/arm64'];

/** Two or more images under each of the page's seven registries, by the name that a manifest would use. */
export const samples: Readonly<Record<string, ImageOptions>> = {
  'nginx:1': { platforms: both, layers: [debian, 'nginx'] },
  'docker.io/library/redis:7': { layers: [debian, 'redis'] },
  'bitnami/kubectl:1.34': { layers: [debian, 'kubectl'], docker: true },
  'gcr.io/kaniko-project/executor:v1.24.0': { layers: [distroless, 'kaniko'] },
  'gcr.io/distroless/static:nonroot': { platforms: both, layers: [distroless], attestation: true },
  'ghcr.io/dexidp/dex:v2.44.0': { layers: [debian, 'dex'] },
  'ghcr.io/kube-vip/kube-vip:v1.0.1': { layers: [distroless, 'kube-vip'] },
  'k8s.gcr.io/pause:3.2': { platforms: both, layers: ['pause 3.2'] },
  'k8s.gcr.io/defaultbackend-amd64:1.5': { layers: [debian, 'defaultbackend'] },
  'registry.k8s.io/pause:3.10': { platforms: both, layers: ['pause 3.10'] },
  'registry.k8s.io/coredns/coredns:v1.12.1': { layers: [distroless, 'coredns'] },
  'quay.io/jetstack/cert-manager-controller:v1.19.0': { layers: [distroless, 'cert-manager'] },
  'quay.io/calico/node:v3.30.3': { platforms: both, layers: [debian, 'calico'] },
  'us-docker.pkg.dev/palette-images/palette/agent:4.8.0': { layers: [debian, 'agent'] },
  'us-docker.pkg.dev/palette-images/palette/ui:4.8.0': { layers: [debian, 'ui'] },
};

/** image-swap's own images, as our chart names them. */
export const ownImages = {
  init: 'docker.io/thewebroot/imageswap-init:v1.5.3',
  image: 'docker.io/thewebroot/imageswap:v1.5.3',
} as const;

/** Fills a source registry: `quay.io/calico/node:v3.30.3` lies there as `quay.io/calico/node:v3.30.3`. */
export async function pushSamples(host: string): Promise<void> {
  const own = Object.values(ownImages).map(
    (name) => [name, { layers: [distroless, name] }] as const,
  );
  for (const [name, options] of [...Object.entries(samples), ...own]) {
    const [path = '', tag = ''] = canonical(name).split(':');
    await pushImage(host, path, tag, options);
  }
}

/** `registries` of bundle.yaml: the source registry stands for each of the seven, Docker Hub's way of naming included. */
export function mirrors(host: string): Record<string, object> {
  const names = [
    'docker.io',
    'gcr.io',
    'ghcr.io',
    'k8s.gcr.io',
    'registry.k8s.io',
    'quay.io',
    'us-docker.pkg.dev',
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, { mirror: `${host}/${name}` }])),
    [host]: { plainHttp: true },
  };
}

function canonical(name: string): string {
  const [first = ''] = name.split('/');
  if (first.includes('.')) return name;
  return name.includes('/') ? `docker.io/${name}` : `docker.io/library/${name}`;
}
