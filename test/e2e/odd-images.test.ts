import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { digestAt } from '../helpers/ask.ts';
import { type Containerd, startContainerd } from '../helpers/containerd.ts';
import { buildImage, type ImageOptions, pushBlob, pushManifest } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';
import { uploads } from '../transfer/setting.ts';

/** Images that registries take and that have tripped tools; each pushes itself as `quay.io/odd/NAME:1`. */
const odd: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  'layer-twice': (name) => pushSingle(name, '1', { layers: ['twice', 'twice', 'once'] }),

  'no-layer': (name) => pushSingle(name, '1', { layers: [] }),

  'empty-layer': (name) => pushSingle(name, '1', { layers: [''], opaque: true }),

  'one-manifest-for-two-platforms': async (name) => {
    const child = await pushSingle(name, undefined, { layers: ['arm'] });
    return pushIndex(name, '1', [on(child, 'arm', 'v6'), on(child, 'arm', 'v7')]);
  },

  'index-in-index': async (name) => {
    const inner = await pushSingle(name, undefined, { layers: ['inner'] });
    const outer = await pushSingle(name, undefined, { layers: ['outer'] });
    const index = await pushIndex(name, undefined, [on(inner, 'amd64')]);
    return pushIndex(name, '1', [index, on(outer, 'arm64')]);
  },

  'index-without-platforms': async (name) => {
    const child = await pushSingle(name, undefined, { layers: ['nameless'] });
    return pushIndex(name, '1', [child]);
  },

  'helm-chart': (name) =>
    pushDocument(name, '1', ociManifest, {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', content: '{"name":"c"}' },
      layers: [
        { mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', content: 'a chart' },
      ],
    }),

  'artifact-with-empty-config': (name) =>
    pushDocument(name, '1', ociManifest, {
      schemaVersion: 2,
      mediaType: ociManifest,
      artifactType: 'application/vnd.example+json',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', content: '{}' },
      layers: [{ mediaType: 'application/vnd.oci.empty.v1+json', content: '{}' }],
    }),

  'no-media-type': (name) =>
    pushDocument(name, '1', ociManifest, {
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', content: config },
      layers: [],
    }),
};

const config = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
});

let source: TestRegistry;
let near: TestRegistry;
let far: TestRegistry;
let containerd: Containerd;
let job: Job;

beforeAll(async () => {
  [source, near, containerd, job] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startContainerd(),
    startKeyedJob(),
  ]);
  for (const [name, push] of Object.entries(odd)) await push(name);
  await job.bundle(near.host, {
    images: Object.keys(odd).map((name) => `quay.io/odd/${name}:1`),
    registries: reached(source.host, near.host),
  });
  await job.done('mirror', '-f', 'bundle.yaml');
  await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  await near.stop({ keep: true });
  far = await startRegistry({ port: Number(near.host.split(':')[1]) });
  await job.done('load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub');
  near = await startRegistry({ folder: near.folder });
});

afterAll(async () => {
  const registries = [source, near, far].map((one) => one.stop());
  await Promise.all([...registries, containerd.stop(), job.remove()]);
});

describe.each(Object.keys(odd))('%s', (name) => {
  test('is where it is asked for after mirror and after load, with all that it names', async () => {
    const digest = await digestAt(source.host, at(name), '1');
    expect(digest).toMatch(/^sha256:/);
    for (const host of [near.host, far.host]) {
      expect(await digestAt(host, `m/quay.io/odd/${name}`, '1')).toBe(digest);
      const copy = [
        `${host}/m/quay.io/odd/${name}:1`,
        `${job.path('pulled', name, host.slice(-4))}`,
      ];
      const argv = ['cp', '--from-plain-http', '--to-oci-layout', '--no-tty', ...copy];
      await execa(toolPath('oras'), argv);
    }
  });
});

test('all of them are loaded where mounts are refused, too', async () => {
  const registry = await startRegistry();
  const front = await startFrontProxy(registry.host, [
    ({ method, path }) =>
      method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined,
  ]);
  await job.bundle(front.host, {
    name: 'unmounted',
    images: Object.keys(odd).map((name) => `quay.io/odd/${name}:1`),
    registries: reached(source.host, front.host),
  });
  await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  await job.done('load', 'out/unmounted-1.0.0.tar', '--key', 'bundle.pub');
  for (const name of Object.keys(odd)) {
    const loaded = await digestAt(registry.host, `m/quay.io/odd/${name}`, '1');
    expect([name, loaded]).toEqual([name, await digestAt(source.host, at(name), '1')]);
  }
  await front.stop();
  await registry.stop();
});

test('each blob was sent once, and loaded once', () => {
  const sent = Object.entries(uploads(far.requests()));
  expect(sent.length).toBeGreaterThan(8);
  expect(sent.filter(([, times]) => times !== 1)).toEqual([]);
});

test('containerd imports what it can run, whatever else is in the bundle', async () => {
  await containerd.ctr('images', 'import', '--no-unpack', job.path('out/sample-1.0.0.tar'));
  const names = (await containerd.ctr('images', 'ls', '-q')).split('\n');
  expect(names).toContain('quay.io/odd/layer-twice:1');
  expect(names).toContain('quay.io/odd/index-in-index:1');
  expect(names).not.toContain('quay.io/odd/helm-chart:1');
});

async function pushSingle(
  name: string,
  tag: string | undefined,
  options: ImageOptions,
): Promise<Descriptor> {
  const image = buildImage(options);
  for (const bytes of image.blobs.values()) await pushBlob(source.host, at(name), bytes);
  const { bytes } = image.manifests.at(-1) ?? { bytes: Buffer.of() };
  return pushBytes(name, tag, image.root.mediaType, bytes);
}

function pushIndex(name: string, tag: string | undefined, manifests: readonly object[]) {
  const document = { schemaVersion: 2, mediaType: ociIndex, manifests };
  return pushBytes(name, tag, ociIndex, Buffer.from(JSON.stringify(document)));
}

/** A manifest with contents in the place of descriptors. */
interface Sketch {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Content;
  readonly layers: readonly Content[];
}

interface Content {
  readonly mediaType: string;
  readonly content: string;
}

async function pushDocument(
  name: string,
  tag: string,
  mediaType: string,
  document: Sketch,
): Promise<Descriptor> {
  const described = await Promise.all(
    [document.config, ...document.layers].map(async ({ mediaType: type, content }) => {
      const digest = await pushBlob(source.host, at(name), Buffer.from(content));
      return { mediaType: type, digest, size: Buffer.byteLength(content) };
    }),
  );
  const [config, ...layers] = described;
  return pushBytes(
    name,
    tag,
    mediaType,
    Buffer.from(JSON.stringify({ ...document, config, layers })),
  );
}

function pushBytes(name: string, tag: string | undefined, mediaType: string, bytes: Buffer) {
  return pushManifest(source.host, at(name), tag ?? digestOf(bytes), mediaType, bytes);
}

function at(name: string): string {
  return `quay.io/odd/${name}`;
}

function on(descriptor: Descriptor, architecture: string, variant?: string): Descriptor {
  return { ...descriptor, platform: { os: 'linux', architecture, ...(variant && { variant }) } };
}
