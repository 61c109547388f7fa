import { execFile } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../../src/context.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { isImageManifest, ociIndex } from '../../src/oci/media-types.ts';
import type { Credential, RegistryAccess } from '../../src/registry/access.ts';

import { openRegistries, type Registries, type RegistryClient } from '../../src/registry/client.ts';
import type { Event } from '../../src/report/events.ts';
import type {
  LayoutOrigin,
  RegistriesOrigin,
  TransferImage,
  TransferJob,
  TransferResult,
} from '../../src/transfer/job.ts';
import { transfer } from '../../src/transfer/transfer.ts';
import {
  buildImage,
  type ImageOptions,
  type PushOptions,
  pushBlob,
  pushManifest,
  type SampleImage,
} from '../helpers/images.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

/** A source registry, and what runs of `transfer` against a target need. */
export interface Setting {
  readonly source: TestRegistry;
  readonly events: Event[];
  readonly folder: string;
  /** Puts a sample image into the source; the name is also how results name it. */
  push(name: string, options: ImageOptions): Promise<Sample>;
  /** A job over these images; a sample's placements are paths in the target. */
  job(target: string, images: readonly (readonly [Sample, ...string[]])[], how?: How): TransferJob;
  run(job: TransferJob, how?: How): Promise<TransferResult>;
  client(host: string, how?: How): RegistryClient;
  stop(): Promise<void>;
}

/** A registry behind a proxy that records what reaches it, in order, and can answer in its place. */
export interface Target extends FrontProxy {
  readonly registry: TestRegistry;
}

export async function startTarget(options: RegistryOptions = {}): Promise<Target> {
  const registry = await startRegistry(options);
  const front = await startFrontProxy(registry.host);
  const stop = async () => {
    await front.stop();
    await registry.stop();
  };
  return { ...front, registry, stop };
}

export interface Sample {
  readonly name: string;
  readonly image: SampleImage;
}

export interface How {
  readonly access?: RegistryAccess;
  readonly origin?: LayoutOrigin | RegistriesOrigin;
  readonly pullThrough?: readonly string[];
  /** What is before the source. */
  readonly sourceHost?: string;
  readonly oras?: string;
  readonly stallMs?: number;
  readonly retryBudgetMs?: number;
  readonly credential?: Credential;
  readonly allowPlainHttpCredentials?: boolean;
  readonly signal?: AbortSignal;
  readonly env?: Record<string, string>;
}

export async function startSetting(): Promise<Setting> {
  const source = await startRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  const events: Event[] = [];
  const opened: Registries[] = [];
  const manifests = new Map<Digest, { mediaType: string; bytes: Buffer }>();
  const context = (how: How): Context => {
    const signal = how.signal ?? new AbortController().signal;
    setMaxListeners(0, signal);
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', ...how.env };
    const emit = (event: Event) => void events.push(event);
    return { env, cwd: folder, temporary: folder, now: () => new Date(), signal, emit };
  };
  const client = (host: string, how: How = {}): RegistryClient => {
    const registries = openRegistries({
      access: { [host]: how.access ?? { plainHttp: true } },
      credential: async () => how.credential,
      context: context(how),
      retryBudgetMs: how.retryBudgetMs ?? 2_000,
      ...(how.stallMs === undefined ? {} : { stallMs: how.stallMs }),
    });
    opened.push(registries);
    return registries.client(host);
  };
  const push: Setting['push'] = async (name, options) => {
    const image = buildImage(options);
    await pushSample(source.host, name, image);
    for (const { descriptor, bytes } of image.manifests)
      manifests.set(descriptor.digest, { mediaType: descriptor.mediaType, bytes });
    return { name, image };
  };
  const job: Setting['job'] = (host, images, how = {}) => {
    const target = client(host, how);
    const from = client(how.sourceHost ?? source.host, { ...how, access: { plainHttp: true } });
    return {
      images: images.map(([sample, ...paths]) => transferImage(sample, paths, target.host)),
      target,
      manifest: async (digest) => {
        const found = manifests.get(digest);
        if (found === undefined) throw new Error(`no manifest ${digest}`);
        return found;
      },
      origin: how.origin ?? {
        kind: 'registries',
        locate: ({ source: name }) => ({ client: from, repository: name }),
      },
      pullThrough: how.pullThrough ?? [],
      deep: false,
    };
  };
  return {
    source,
    events,
    folder,
    push,
    job,
    client,
    run: async (work, how = {}) => {
      const scratch = await mkdtemp(join(folder, 'scratch-'));
      events.length = 0;
      const tools = {
        oras: how.oras ?? toolPath('oras'),
        credential: async (host: string) =>
          host === work.target.host ? how.credential : undefined,
        scratch,
        allowPlainHttpCredentials: how.allowPlainHttpCredentials ?? false,
        retryBudgetMs: how.retryBudgetMs ?? 2_000,
        ...(how.stallMs === undefined ? {} : { stallMs: how.stallMs }),
      };
      return transfer(work, tools, context(how));
    },
    stop: async () => {
      await Promise.all(opened.map((registries) => registries.close()));
      await source.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export async function pushSample(
  host: string,
  repository: string,
  image: SampleImage,
  options: PushOptions = {},
): Promise<void> {
  for (const bytes of image.blobs.values()) await pushBlob(host, repository, bytes, options);
  for (const { descriptor, bytes } of image.manifests)
    await pushManifest(host, repository, descriptor.digest, descriptor.mediaType, bytes, options);
}

function transferImage({ name, image }: Sample, paths: string[], host: string): TransferImage {
  const { digest, mediaType } = image.root;
  const placements = paths.map((path) => `${host}/${path}`);
  return { source: name, digest, mediaType, placements };
}

/**
 * An OCI layout in a tar as the bundle has it: `index.json` lists the images and a flat root index over all
 * image manifests, entries beside the layout included.
 */
export async function layoutTar(
  folder: string,
  samples: readonly Sample[],
): Promise<LayoutOrigin & { readonly file: { path: string }; close(): Promise<void> }> {
  const leaves = new Map<Digest, Descriptor>();
  const blobs = new Map<Digest, Buffer>();
  for (const { image } of samples) {
    for (const [digest, bytes] of image.blobs) blobs.set(digest, bytes);
    for (const { descriptor, bytes } of image.manifests) {
      blobs.set(descriptor.digest, bytes);
      if (isImageManifest(descriptor.mediaType)) leaves.set(descriptor.digest, descriptor);
    }
  }
  const platform = { os: 'linux', architecture: 'amd64' };
  const manifests = [...leaves.values()].map((leaf) => ({ ...leaf, platform }));
  const rootBytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }),
  );
  const root = { mediaType: ociIndex, digest: digestOf(rootBytes), size: rootBytes.length };
  blobs.set(root.digest, rootBytes);
  const path = await writeTar(folder, blobs, [...samples.map(({ image }) => image.root), root]);
  const file = await open(path);
  const [digest, bytes] = [...(samples[0]?.image.blobs ?? [])][0] as [Digest, Buffer];
  return {
    kind: 'layout',
    file: { fd: file.fd, path },
    roots: [root],
    bundleRepository: 'airgap/bundles/sample',
    tag: '1.0.0',
    smallBlob: { digest, bytes },
    read: async (wanted) => blobs.get(wanted) ?? Buffer.alloc(0),
    close: () => file.close(),
  };
}

async function writeTar(
  folder: string,
  blobs: ReadonlyMap<Digest, Buffer>,
  listed: readonly Descriptor[],
): Promise<string> {
  const layout = await mkdtemp(join(folder, 'layout-'));
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  await writeFile(join(layout, 'bundle.json'), '{}\n');
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: listed }),
  );
  for (const [digest, bytes] of blobs)
    await writeFile(join(layout, 'blobs/sha256', hexOf(digest)), bytes);
  const path = `${layout}.tar`;
  const entries = ['bundle.json', 'oci-layout', 'index.json', 'blobs'];
  await promisify(execFile)('tar', ['-cf', path, '-C', layout, ...entries]);
  return path;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** How often the bytes of a blob were sent, by digest; with `byRepository`, by `repository@digest`. */
export function uploads(requests: readonly Seen[], byRepository = false): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path, status } of requests) {
    const put = /^\/v2\/(.+)\/blobs\/uploads\/[^?]+\?.*digest=([^&]+)/.exec(path);
    if (method !== 'PUT' || status !== 201 || put === null) continue;
    const digest = decodeURIComponent(put[2] ?? '');
    const key = byRepository ? `${put[1]}@${digest}` : digest;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** `repository@digest` of each mount that the registry did. */
export function mounts(requests: readonly Seen[]): string[] {
  return requests.flatMap(({ method, path, status }) => {
    const mount = /^\/v2\/(.+)\/blobs\/uploads\/\?.*mount=([^&]+)/.exec(path);
    if (method !== 'POST' || status !== 201 || mount === null) return [];
    return [`${mount[1]}@${decodeURIComponent(mount[2] ?? '')}`];
  });
}

/** References under which manifests were put in one repository, in order. */
export function manifestPuts(requests: readonly Seen[], repository: string): string[] {
  const prefix = `/v2/${repository}/manifests/`;
  return requests
    .filter(({ method, path }) => method === 'PUT' && path.startsWith(prefix))
    .map(({ path }) => path.slice(prefix.length));
}
