import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { ociIndex } from '../../src/oci/media-types.ts';
import { digestAt, digestOfReference } from '../helpers/ask.ts';
import { type ForwardProxy, startForwardProxy } from '../helpers/forward-proxy.ts';
import { buildImage, pushBlob, pushImage, pushManifest } from '../helpers/images.ts';
import { type Job, type OutcomeInventory, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

const platforms = ['linux/amd64', 'linux/arm64'];
const shared = 'a layer that all of them have';
const single = { layers: [shared, 'single'] };
/** What nobody asks for: it is put by digest alone, beside a placement with which it shares a layer. */
const untagged = buildImage({
  layers: [shared, 'no tag leads here'],
  platforms: ['linux/ppc64le', 'linux/s390x'],
});
const beside = 'm/quay.io/a/single';

/** A name that only the proxy knows: one registry after the other has it. */
const endpoint = 'harbor.example.org';

let source: TestRegistry;
let proxy: ForwardProxy;
let job: Job;
let inventory: OutcomeInventory;
/** What each verb filled, after its collection. */
let mirrored: TestRegistry;
let loaded: TestRegistry;

beforeAll(async () => {
  [source, proxy] = await Promise.all([startRegistry(), startForwardProxy()]);
  job = await startKeyedJob({ HTTP_PROXY: proxy.url });
  await job.bundle(endpoint, {
    images: await pushAll(),
    registries: reached(source.host, endpoint),
  });
  ({ inventory } = await job.done('create', '-f', 'bundle.yaml', '-o', 'out'));
  mirrored = await collected('mirror', '-f', 'bundle.yaml');
  loaded = await collected('load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub');
});
afterAll(async () => {
  const started = [source, proxy, mirrored, loaded];
  await Promise.all([...started.map((one) => one?.stop()), job?.remove()]);
});

/** Images with manifests below others, and images that have no tag of their own. */
async function pushAll(): Promise<string[]> {
  const push = (name: string, options: object = { layers: [shared, name], platforms }) =>
    pushImage(source.host, name, '1', options);
  const pinned = async (name: string, options?: object) => (await push(name, options)).digest;
  await push('docker.io/library/nginx', { layers: [shared], platforms, attestation: true });
  await push('quay.io/a/docker', { layers: [shared], platforms, docker: true });
  await push('quay.io/a/single', single);
  await pushNested('quay.io/a/nested', await push('quay.io/a/nested'));
  return [
    ...['nginx:1', 'quay.io/a/docker:1', 'quay.io/a/single:1', 'quay.io/a/nested:1'],
    `quay.io/a/pinned@${await pinned('quay.io/a/pinned')}`,
    `quay.io/a/pinned-single@${await pinned('quay.io/a/pinned-single', { layers: ['pinned'] })}`,
    `redis:1@${await pinned('docker.io/library/redis')}`,
  ];
}

/** An index of an index. */
async function pushNested(name: string, inner: Descriptor): Promise<void> {
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [inner] };
  await pushManifest(source.host, name, '1', ociIndex, Buffer.from(JSON.stringify(index)));
}

/** A registry that a verb has filled, collected while it is down, as distribution wants it, and up again. */
async function collected(...verb: string[]): Promise<TestRegistry> {
  const registry = await startRegistry();
  proxy.lead(endpoint, registry.host);
  await job.done(...verb);
  for (const bytes of untagged.blobs.values()) await pushBlob(registry.host, beside, bytes);
  for (const { descriptor, bytes } of untagged.manifests)
    await pushManifest(registry.host, beside, descriptor.digest, descriptor.mediaType, bytes);
  expect(await left(registry)).toHaveLength(untagged.manifests.length + untagged.blobs.size);
  await registry.stop({ keep: true });
  const config = join(registry.folder, 'config.json');
  await execa(toolPath('registry'), ['garbage-collect', '--delete-untagged', config]);
  return startRegistry({ folder: registry.folder });
}

/** Of what nobody asks for, what the registry still serves. */
async function left({ host }: TestRegistry): Promise<string[]> {
  const manifests = untagged.manifests.map(({ descriptor: { digest } }) => digest);
  const served = await Promise.all([
    ...manifests.map((digest) => digestAt(host, beside, digest)),
    ...[...untagged.blobs.keys()].map((digest) => blobAt(host, digest)),
  ]);
  return served.filter((one) => !one.startsWith('HTTP'));
}

async function blobAt(host: string, digest: string): Promise<string> {
  const blob = `http://${host}/v2/${beside}/blobs/${digest}`;
  const { ok, status } = await fetch(blob, { method: 'HEAD' });
  return ok ? digest : `HTTP ${status}`;
}

describe.each([
  ['mirror', () => mirrored, []],
  ['load', () => loaded, ['m/bundles/sample:1.0.0']],
] as const)('after %s and a collection', (verb, registry, more) => {
  test('every placement is there, with all that it names', async () => {
    const { host } = registry();
    const placed = inventory.images.flatMap(({ digest, placements }) =>
      placements.map(({ reference }) => ({ digest, reference: inTarget(reference) })),
    );
    expect(placed.map(({ reference }) => reference.replace(/-[0-9a-f]{12}$/, '-…'))).toEqual([
      ...['m/docker.io/nginx:1', 'm/docker.io/library/nginx:1'],
      ...['m/quay.io/a/docker:1', 'm/quay.io/a/single:1', 'm/quay.io/a/nested:1'],
      ...['m/quay.io/a/pinned:airgap-…', 'm/quay.io/a/pinned-single:airgap-…'],
      ...['m/docker.io/redis:1', 'm/docker.io/redis:airgap-…'],
      ...['m/docker.io/library/redis:1', 'm/docker.io/library/redis:airgap-…'],
    ]);
    for (const { reference, digest } of placed) {
      const found = await digestOfReference(host, `${host}/${reference}`);
      expect(`${reference} ${found}`).toBe(`${reference} ${digest}`);
    }
    for (const name of [...placed.map(({ reference }) => reference), ...more]) {
      const to = job.path('pulled', verb, name);
      const copy = ['cp', '--from-plain-http', '--to-oci-layout', '--no-tty'];
      await execa(toolPath('oras'), [...copy, `${host}/${name}`, to]);
    }
  });

  test('what no tag leads to is gone, save for the layer that it shares', async () => {
    const layers = buildImage(single).blobs;
    const kept = [...untagged.blobs.keys()].filter((digest) => layers.has(digest));
    expect(kept).toHaveLength(1);
    expect(await left(registry())).toEqual(kept);
  });
});

const inTarget = (reference: string) => reference.replace(/^[^/]+\//, '');
