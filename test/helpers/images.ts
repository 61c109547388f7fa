import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { Agent, request } from 'undici';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { dockerIndex, dockerManifest, ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { type Platform, parsePlatform } from '../../src/oci/platform.ts';

export interface ImageOptions {
  /** `os/architecture[/variant]`; given: an index over them, absent: one manifest for linux/amd64. */
  readonly platforms?: readonly string[];
  /** Contents of the layers; equal content makes an equal layer. */
  readonly layers?: readonly (string | Buffer)[];
  /** Layers are the bytes given, without tar and gzip: cheap when they are large. */
  readonly opaque?: boolean;
  /** Docker's media types in place of OCI's. */
  readonly docker?: boolean;
  /** Adds an `unknown/unknown` attestation for each platform to the index. */
  readonly attestation?: boolean;
}

export interface PushOptions extends ImageOptions {
  /** Default true. */
  readonly plainHttp?: boolean;
  /** PEM of the registry's authority, where it is not plain HTTP. */
  readonly ca?: string;
  readonly credential?: { readonly username: string; readonly password: string };
}

export interface SampleImage {
  readonly root: Descriptor;
  /** Manifests, children first; the last one is the root. */
  readonly manifests: readonly { readonly descriptor: Descriptor; readonly bytes: Buffer }[];
  readonly blobs: ReadonlyMap<Digest, Buffer>;
}

/** A deterministic image, built here and sent by plain HTTP calls; resolves to its root's descriptor. */
export async function pushImage(
  host: string,
  repository: string,
  tag: string,
  options: PushOptions = {},
): Promise<Descriptor> {
  const image = buildImage({ layers: [`${repository}:${tag}`], ...options });
  for (const bytes of image.blobs.values()) await pushBlob(host, repository, bytes, options);
  for (const { descriptor, bytes } of image.manifests) {
    const reference = descriptor.digest === image.root.digest ? tag : descriptor.digest;
    await pushManifest(host, repository, reference, descriptor.mediaType, bytes, options);
  }
  return image.root;
}

/** The same image without pushing it. */
export function buildImage(options: ImageOptions): SampleImage {
  const blobs = new Map<Digest, Buffer>();
  const manifests: { descriptor: Descriptor; bytes: Buffer }[] = [];
  const add = (mediaType: string, document: object): Descriptor => {
    const bytes = Buffer.from(JSON.stringify(document));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    manifests.push({ descriptor, bytes });
    return descriptor;
  };
  const types = options.docker ? dockerTypes : ociTypes;
  const names = options.platforms ?? ['linux/amd64'];
  const entries = names.map((name) => {
    const own = options.platforms ? [`only on ${name}`] : [];
    const layers = [...(options.layers ?? []), ...own].map((content) => layer(content, options));
    const manifest = imageManifest(types, parsePlatform(name), layers, blobs);
    return { ...add(types.manifest, manifest), platform: parsePlatform(name) };
  });
  const [only] = entries;
  if (options.platforms === undefined && only !== undefined) {
    const { platform: _, ...root } = only;
    return { root, manifests, blobs };
  }
  const attestations = options.attestation
    ? entries.map((entry) => ({ ...add(ociManifest, attestation(entry, blobs)), ...about(entry) }))
    : [];
  const index = {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [...entries, ...attestations],
  };
  return { root: add(types.index, index), manifests, blobs };
}

export async function pushBlob(
  host: string,
  repository: string,
  bytes: Buffer,
  options: PushOptions = {},
): Promise<Digest> {
  const digest = digestOf(bytes);
  const at = `/v2/${repository}/blobs/`;
  if ((await send(host, 'HEAD', `${at}${digest}`, options)).status === 200) return digest;
  const { location } = await expectStatus(202, send(host, 'POST', `${at}uploads/`, options));
  const url = new URL(location, base(host, options));
  url.searchParams.set('digest', digest);
  const put = send(host, 'PUT', url.href, options, bytes, 'application/octet-stream');
  await expectStatus(201, put);
  return digest;
}

export async function pushManifest(
  host: string,
  repository: string,
  reference: string,
  mediaType: string,
  bytes: Buffer,
  options: PushOptions = {},
): Promise<Descriptor> {
  const path = `/v2/${repository}/manifests/${reference}`;
  await expectStatus(201, send(host, 'PUT', path, options, bytes, mediaType));
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

const ociTypes = {
  manifest: ociManifest,
  index: ociIndex,
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

const dockerTypes = {
  manifest: dockerManifest,
  index: dockerIndex,
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

interface Layer {
  readonly bytes: Buffer;
  readonly diffId: Digest;
}

function layer(content: string | Buffer, { opaque = false }: ImageOptions): Layer {
  const bytes = Buffer.from(content);
  if (opaque) return { bytes, diffId: digestOf(bytes) };
  const tar = tarOf(`layer-${digestOf(bytes).slice(7, 19)}`, bytes);
  return { bytes: gzip(tar), diffId: digestOf(tar) };
}

/** Stored, not squeezed: equal on every zlib, and as large as its content. */
function gzip(bytes: Buffer): Buffer {
  const squeezed = gzipSync(bytes, { level: 0 });
  squeezed[9] = 255;
  return squeezed;
}

function tarOf(path: string, content: Buffer): Buffer {
  const header = new Header({
    path,
    type: 'File',
    size: content.length,
    mode: 0o644,
    mtime: new Date(0),
    uid: 0,
    gid: 0,
  });
  header.encode();
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header.block ?? Buffer.alloc(0), content, padding, Buffer.alloc(1024)]);
}

function imageManifest(
  types: typeof ociTypes,
  platform: Platform,
  layers: readonly Layer[],
  blobs: Map<Digest, Buffer>,
): object {
  const config = {
    ...platform,
    created: '1970-01-01T00:00:00Z',
    config: { Cmd: ['/none'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  };
  return {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: keep(types.config, Buffer.from(JSON.stringify(config)), blobs),
    layers: layers.map(({ bytes }) => keep(types.layer, bytes, blobs)),
  };
}

function attestation(subject: Descriptor, blobs: Map<Digest, Buffer>): object {
  const statement = { _type: 'https://in-toto.io/Statement/v0.1', subject: [subject.digest] };
  const bytes = Buffer.from(JSON.stringify(statement));
  const platform = { os: 'unknown', architecture: 'unknown' };
  const config = { ...platform, rootfs: { type: 'layers', diff_ids: [digestOf(bytes)] } };
  return {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: keep(ociTypes.config, Buffer.from(JSON.stringify(config)), blobs),
    layers: [keep('application/vnd.in-toto+json', bytes, blobs)],
  };
}

/** How buildkit ties an attestation to the manifest it speaks of. */
function about(entry: Descriptor): Pick<Descriptor, 'platform' | 'annotations'> {
  return {
    annotations: {
      'vnd.docker.reference.digest': entry.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
    platform: { os: 'unknown', architecture: 'unknown' },
  };
}

function keep(mediaType: string, bytes: Buffer, blobs: Map<Digest, Buffer>): Descriptor {
  const digest = digestOf(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function base(host: string, { plainHttp = true }: PushOptions): string {
  return `${plainHttp ? 'http' : 'https'}://${host}`;
}

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

async function send(
  host: string,
  method: 'HEAD' | 'POST' | 'PUT',
  path: string,
  options: PushOptions,
  body?: Buffer,
  type?: string,
): Promise<Answer> {
  const { username, password } = options.credential ?? {};
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const dispatcher = options.ca ? new Agent({ connect: { ca: options.ca } }) : undefined;
  const answer = await request(new URL(path, base(host, options)), {
    method,
    headers: {
      ...(options.credential && { authorization: `Basic ${basic}` }),
      ...(type && { 'content-type': type }),
    },
    ...(body && { body }),
    ...(dispatcher && { dispatcher }),
  });
  const text = await answer.body.text();
  await dispatcher?.close();
  return { status: answer.statusCode, location: String(answer.headers.location ?? ''), text };
}

async function expectStatus(status: number, sent: Promise<Answer>): Promise<Answer> {
  const answer = await sent;
  if (answer.status !== status) throw new Error(`registry said ${answer.status}: ${answer.text}`);
  return answer;
}
