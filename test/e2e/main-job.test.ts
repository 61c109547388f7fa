import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mirrors, ownImages, pageMap, pushSamples, samples } from '../../demo/samples.ts';
import { digestOfReference, requestsOf } from '../helpers/ask.ts';
import { makeChart } from '../helpers/chart.ts';
import { type ForwardProxy, startForwardProxy } from '../helpers/forward-proxy.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, startJob } from '../helpers/job.ts';
import { type RequestLine, startRegistry, type TestRegistry } from '../helpers/registry.ts';

/** The page's example, as it stands: its target is a name that only the proxy knows. */
const endpoint = 'harbor.example.org';

let source: TestRegistry;
let near: TestRegistry;
let far: TestRegistry;
let proxy: ForwardProxy;
let job: Job;
let images: string[];

beforeAll(async () => {
  [source, near, far, proxy] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startRegistry(),
    startForwardProxy(),
  ]);
  proxy.lead(endpoint, near.host);
  await pushSamples(source.host);
  // The same image under both registries that share a target: one digest, so no collision.
  await pushImage(source.host, 'gcr.io/pause', '3.2', samples['k8s.gcr.io/pause:3.2']);
  job = await startJob({ HTTP_PROXY: proxy.url, SOURCE_DATE_EPOCH: '1790000000' });
  await makeChart(job.folder, { spelling: 'nested', images: ownImages });
  await job.done('keygen', '--out', 'bundle.key');
  const pause = await sourceDigest('registry.k8s.io/pause:3.10');
  const pinned = [`registry.k8s.io/pause@${pause}`, `registry.k8s.io/pause:3.10@${pause}`];
  images = [...Object.keys(samples), 'gcr.io/pause:3.2', ...pinned];
  await job.write('bundle.yaml', {
    apiVersion: 'airgap-bundle/v1',
    name: 'pcg-override',
    version: '1.4.0',
    ociImageRegistry: {
      endpoint,
      name: 'harbor',
      baseContentPath: 'airgap-images',
      insecureSkipVerify: false,
      mirrorRegistries: pageMap(endpoint),
    },
    imageSwap: { chart: './image-swap-1.5.3.tgz' },
    images,
    registries: { ...mirrors(source.host), [endpoint]: { plainHttp: true } },
    signing: { key: 'bundle.key' },
  });
});

afterAll(async () => {
  await Promise.all([near.stop(), far.stop(), source.stop(), proxy.stop(), job.remove()]);
});

describe("the page's example map, from plan to load", () => {
  test('at least two images of every source registry, plain nginx:1 among them', () => {
    const registries = pageMap(endpoint)
      .split(',')
      .map((entry) => entry.split('::')[0]);
    expect(registries).toHaveLength(7);
    for (const name of registries) {
      const own = images.filter((image) => registryOf(image) === name);
      expect(own.length, name).toBeGreaterThanOrEqual(2);
    }
    expect(images).toContain('nginx:1');
  });

  test('plan touches no target, finds no error, and names the placements of nginx:1', async () => {
    let plan: Outcome | undefined;
    const asked = await requestsOf(near, async () => {
      plan = await job.done('plan', '-f', 'bundle.yaml');
    });
    expect(asked).toEqual([]);
    expect(plan?.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(plan?.inventory.images.find((image) => image.source === 'nginx:1')?.placements).toEqual([
      { reference: `${endpoint}/airgap-images/docker.io/nginx:1`, askedForBy: 'webhook' },
      {
        reference: `${endpoint}/airgap-images/docker.io/library/nginx:1`,
        askedForBy: 'containerd',
      },
    ]);
  });

  test('mirror places every image where both consumers ask', async () => {
    const result = await job.done('mirror', '-f', 'bundle.yaml');
    expect(result.errors).toEqual([]);
    await proveBothConsumers(near);
  });

  test('a second mirror sends one HEAD a source and one a placement, and nothing else', async () => {
    let again: Outcome | undefined;
    let toTarget: readonly RequestLine[] = [];
    const toSource = await requestsOf(source, async () => {
      toTarget = await requestsOf(near, async () => {
        again = await job.done('mirror', '-f', 'bundle.yaml');
      });
    });
    expect(Object.keys(again?.counts ?? {})).toEqual(['there']);
    expectOnlyHeads(toTarget, again?.counts.there);
    // Of `name:tag@digest` the tag is asked for too, to say when it has moved.
    expectOnlyHeads(toSource, images.length + Object.keys(ownImages).length + 1);
  });

  test('with --fresh, or some time later, it asks too what is attached to each image', async () => {
    const toSource = await requestsOf(source, () =>
      job.done('mirror', '-f', 'bundle.yaml', '--fresh'),
    );
    const attached = toSource.filter(({ path }) => /\/manifests\/sha256-|\/referrers\//.test(path));
    // Three tags of cosign and that of the scheme for each digest, and whether there is an API.
    const digests = new Set(attached.map(({ path }) => digestIn(path)));
    const tags = attached.filter(({ method }) => method === 'HEAD');
    expect(tags).toHaveLength(4 * digests.size);
    expect(new Set(tags.map(({ path }) => path)).size).toBe(tags.length);
    expect(digests.size).toBeLessThanOrEqual(images.length + Object.keys(ownImages).length);
  });

  test('without referrers it sends one HEAD a source and one a placement, and nothing else', async () => {
    const asked = await requestsOf(source, () =>
      job.done('mirror', '-f', 'bundle.yaml', '--referrers', 'false'),
    );
    expectOnlyHeads(asked, images.length + Object.keys(ownImages).length + 1);
  });

  test('create writes the three files, verify accepts them', async () => {
    const asked = await requestsOf(near, () =>
      job.done('create', '-f', 'bundle.yaml', '-o', 'out'),
    );
    expect(asked).toEqual([]);
    const { verified } = await job.done<{ verified: boolean }>('verify', ...bundle());
    expect(verified).toBe(true);
  });

  test('load fills an empty registry of the same name', async () => {
    proxy.lead(endpoint, far.host);
    const result = await job.done('load', ...bundle());
    expect(result.errors).toEqual([]);
    await proveBothConsumers(far);
  });

  test('a second load sends one HEAD a placement and nothing else', async () => {
    let again: Outcome | undefined;
    const asked = await requestsOf(far, async () => {
      again = await job.done('load', ...bundle());
    });
    expect(Object.keys(again?.counts ?? {})).toEqual(['there']);
    expectOnlyHeads(asked, again?.counts.there);
  });
});

const bundle = () => ['out/pcg-override-1.4.0.tar', '--key', 'bundle.pub'];

interface Resolved {
  readonly image: string;
  readonly webhook: { swapped: boolean; image: string };
  readonly containerd: readonly string[];
}

/** Asks `resolve` and not the plan what the consumers want, and the registries themselves whether it is there. */
async function proveBothConsumers(registry: TestRegistry): Promise<void> {
  const map = `${pageMap(endpoint).replaceAll(',', '\n')}\ndefault::\nnoswap_wildcards::${endpoint}\n`;
  await job.write('effective.map', map);
  const all = [...images, ...Object.values(ownImages)];
  const resolved = await job.done<Resolved[]>('resolve', '--mirror-map', 'effective.map', ...all);
  expect(resolved.map(({ image }) => image)).toEqual(all);
  for (const { image, webhook, containerd } of resolved) {
    expect(webhook.swapped).toBe(true);
    expect(containerd.length).toBeGreaterThan(0);
    const digest = await sourceDigest(image);
    expect(digest).toMatch(/^sha256:/);
    for (const reference of [webhook.image, ...containerd]) {
      expect(reference).toMatch(new RegExp(`^${endpoint}/airgap-images/`));
      const found = await digestOfReference(registry.host, reference);
      expect(`${reference} ${found}`).toBe(`${reference} ${digest}`);
    }
  }
}

function sourceDigest(image: string): Promise<string> {
  const name = registryOf(image) === image.split('/')[0] ? image : dockerHubName(image);
  return digestOfReference(source.host, `${source.host}/${name}`);
}

function dockerHubName(image: string): string {
  return image.includes('/') ? `docker.io/${image}` : `docker.io/library/${image}`;
}

function registryOf(image: string): string {
  const [first = ''] = image.split('/');
  return image.includes('/') && first.includes('.') ? first : 'docker.io';
}

/** Of a repository that a digest of the path is asked in. */
function digestIn(path: string): string {
  return path.replace(/\/(?:manifests|referrers)\/sha256[-:]([0-9a-f]{64}).*/, '@$1');
}

function expectOnlyHeads(asked: readonly RequestLine[], count: number | undefined): void {
  expect(asked.filter(({ method }) => method !== 'HEAD')).toEqual([]);
  expect(asked).toHaveLength(count ?? -1);
}
