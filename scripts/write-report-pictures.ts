/**
 * `docs/images/report-*.png` and `diff.png`: what `create --report` and `diff --output html` write of sample images, as a
 * browser shows it. The registries are real and on loopback; a proxy gives them names.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { digestOf } from '../src/oci/digest.ts';
import { ociManifest } from '../src/oci/media-types.ts';
import { startBrowser } from '../test/helpers/browser.ts';
import { type ForwardProxy, startForwardProxy } from '../test/helpers/forward-proxy.ts';
import { type ImageOptions, pushBlob, pushImage, pushManifest } from '../test/helpers/images.ts';
import { type Job, startKeyedJob } from '../test/helpers/job.ts';
import { startRegistry } from '../test/helpers/registry.ts';

const pictures = join(import.meta.dirname, '../docs/images');
const [target, mirror] = ['harbor.example.org', 'mirror.example.org'];
const mapped = ['docker.io', 'quay.io', 'registry.k8s.io', 'ghcr.io', 'gcr.io'];
/** Read from the mirror too, but no rule maps it. */
const unmapped = 'mcr.microsoft.com';
const both = ['linux/amd64', 'linux/arm64'];
const mebibytes = (size: number) => randomBytes(Math.round(size * 1024 ** 2));
const [debian, alpine, distroless] = [mebibytes(11.2), mebibytes(3.4), mebibytes(1.1)];

const samples: Readonly<Record<string, ImageOptions>> = {
  'docker.io/library/nginx:1.27': { platforms: both, layers: [debian, mebibytes(6)] },
  'docker.io/library/redis:7.4': { layers: [debian, mebibytes(4.5)] },
  'docker.io/bitnami/kubectl:1.34': { layers: [debian, mebibytes(9)] },
  'quay.io/calico/node:v3.30.3': { platforms: both, layers: [alpine, mebibytes(12)] },
  'quay.io/calico/node:v3.31.0': { platforms: both, layers: [alpine, mebibytes(12.5)] },
  'quay.io/jetstack/cert-manager-controller:v1.19.0': { layers: [distroless, mebibytes(7)] },
  'registry.k8s.io/coredns/coredns:v1.12.1': { layers: [distroless, mebibytes(5.5)] },
  'registry.k8s.io/pause:3.10': { platforms: both, layers: [mebibytes(0.3)] },
  'ghcr.io/dexidp/dex:v2.44.0': { layers: [alpine, mebibytes(8)] },
  'gcr.io/distroless/static:nonroot': { layers: [distroless] },
  [`${unmapped}/oss/kubernetes/pause:3.9`]: { layers: [mebibytes(0.3)] },
  'docker.io/thewebroot/imageswap-init:v1.5.3': { layers: [alpine, mebibytes(2)] },
  'docker.io/thewebroot/imageswap:v1.5.3': { layers: [alpine, mebibytes(3)] },
};

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - {name: web, image: 'nginx:1.27'}
        - {name: cache, image: 'redis:7.4'}
`;

async function main(): Promise<void> {
  const [registry, proxy, job, browser] = await Promise.all([
    startRegistry(),
    startForwardProxy(),
    startKeyedJob(),
    startBrowser(),
  ]);
  try {
    proxy.lead(mirror, registry.host);
    await fill(registry.host);
    await job.write('shop.yaml', deployment);
    await create(job, proxy, '1.4.0', 'quay.io/calico/node:v3.30.3');
    await create(job, proxy, '1.5.0', 'quay.io/calico/node:v3.31.0', 'registry.k8s.io/pause:3.10');
    const bundles = ['1.4.0', '1.5.0'].map((version) => `out/edge-${version}.tar`);
    const diff = await job.run('diff', ...bundles, '--key', 'bundle.pub', '--output', 'html');
    await job.write('diff.html', diff.stdout);
    const report = job.path('report-1.5.0', 'report.html');
    await take(browser, report, 'report-wide-light', { width: 1280, scheme: 'light' });
    await take(browser, report, 'report-narrow-dark', { width: 375, scheme: 'dark' });
    await take(browser, job.path('diff.html'), 'diff', { width: 1280, scheme: 'light' });
  } finally {
    await Promise.all([registry.stop(), proxy.stop(), job.remove(), browser.close()]);
  }
}

async function fill(host: string): Promise<void> {
  for (const [name, options] of Object.entries(samples)) {
    const at = name.lastIndexOf(':');
    const repository = name.slice(0, at);
    const root = await pushImage(host, repository, name.slice(at + 1), {
      ...options,
      opaque: true,
    });
    if (name.includes('cert-manager')) await sign(host, repository, root.digest);
  }
}

/** What cosign would put beside an image. */
async function sign(host: string, repository: string, digest: string): Promise<void> {
  const describe = async (mediaType: string, text: string) => {
    const bytes = Buffer.from(text);
    await pushBlob(host, repository, bytes);
    return { mediaType, size: bytes.length, digest: digestOf(bytes) };
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: await describe('application/vnd.oci.image.config.v1+json', '{}'),
    layers: [await describe('application/vnd.dev.cosign.simplesigning.v1+json', digest)],
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await pushManifest(host, repository, `${digest.replace(':', '-')}.sig`, ociManifest, bytes);
}

async function create(
  job: Job,
  proxy: ForwardProxy,
  version: string,
  ...more: string[]
): Promise<void> {
  const always = Object.keys(samples).filter(
    (name) => !/calico|pause:3.10|nginx|redis|imageswap/.test(name),
  );
  await job.bundle(target, {
    name: 'edge',
    version,
    imageSwap: {},
    images: [...always, ...more, { manifests: 'shop.yaml' }],
    ociImageRegistry: {
      endpoint: target,
      name: 'harbor',
      baseContentPath: 'airgap',
      insecureSkipVerify: false,
      mirrorRegistries: mapped.map((name) => `${name}::${target}/airgap/${name}`).join(','),
    },
    registries: {
      ...Object.fromEntries(
        [...mapped, unmapped].map((name) => [name, { mirror: `${mirror}/${name}` }]),
      ),
      [mirror]: { plainHttp: true },
    },
  });
  const argv = ['create', '-f', 'bundle.yaml', '-o', 'out', '--report', `report-${version}`];
  const ended = await job.runWith({ env: { HTTP_PROXY: proxy.url } }, ...argv);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
}

interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** The beginning of a page, as much as a few screens show. */
async function take(
  browser: Browser,
  path: string,
  name: string,
  { width, scheme }: Look,
): Promise<void> {
  const page = await browser.newPage();
  await page.setViewport({ width, height: width < 500 ? 1600 : 2700, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(pathToFileURL(path).href);
  const file = join(pictures, `${name}.png`) as `${string}.png`;
  await page.screenshot({ path: file });
  await page.close();
}

await main();
