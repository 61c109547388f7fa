import { strict as assert } from 'node:assert';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { dockerManifest, ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { pushBlob, pushImage, pushManifest } from '../../test/helpers/images.ts';
import type { FrontRule } from '../../test/helpers/proxy.ts';
import { checkDone, checkRefused } from '../checks.ts';
import { kinds } from '../registries.ts';
import { type Site, type Verb, verbs } from '../site.ts';
import { Sites } from '../sites.ts';
import { refused, survived, type Trial, type Verdict } from '../trial.ts';

const imageConfig = 'application/vnd.oci.image.config.v1+json';
const layer = 'application/vnd.oci.image.layer.v1.tar';

/** Images that have tripped tools; each pushes itself as `quay.io/odd/NAME:1`. */
const odd: Readonly<Record<string, (host: string, repository: string) => Promise<unknown>>> = {
  'docker-schema2': (host, at) =>
    pushImage(host, at, '1', { docker: true, platforms: ['linux/amd64', 'linux/arm64'] }),
  attestations: (host, at) =>
    pushImage(host, at, '1', { platforms: ['linux/amd64'], attestation: true }),
  'layer-twice': (host, at) => pushImage(host, at, '1', { layers: ['twice', 'twice'] }),
  'empty-layer': (host, at) => pushImage(host, at, '1', { layers: [''], opaque: true }),
  zstd: (host, at) =>
    pushDocument(host, at, '1', {
      config: [imageConfig, config],
      layers: [[`${layer}+zstd`, '(\xb5/\xfd noise']],
    }),
  artifact: (host, at) =>
    pushDocument(host, at, '1', {
      artifactType: 'application/vnd.example+json',
      config: ['application/vnd.oci.empty.v1+json', '{}'],
      layers: [['application/vnd.oci.empty.v1+json', '{}']],
    }),
  'helm-chart': (host, at) =>
    pushDocument(host, at, '1', {
      config: ['application/vnd.cncf.helm.config.v1+json', '{"name":"c"}'],
      layers: [['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'a chart']],
    }),
  'index-in-index': async (host, at) => {
    const leaf = await pushDocument(host, at, undefined, {
      config: [imageConfig, config],
      layers: [],
    });
    const inner = await pushIndex(host, at, undefined, [leaf]);
    await pushIndex(host, at, '1', [inner, leaf]);
  },
};

const config = '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}';

async function pushDocument(
  host: string,
  repository: string,
  tag: string | undefined,
  sketch: { config: [string, string]; layers: [string, string][]; artifactType?: string },
): Promise<Descriptor> {
  const described = async ([mediaType, content]: [string, string]) => {
    const bytes = Buffer.from(content);
    return { mediaType, digest: await pushBlob(host, repository, bytes), size: bytes.length };
  };
  const { artifactType } = sketch;
  const document = {
    schemaVersion: 2,
    mediaType: ociManifest,
    ...(artifactType && { artifactType }),
    config: await described(sketch.config),
    layers: await Promise.all(sketch.layers.map(described)),
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return pushManifest(host, repository, tag ?? digestOf(bytes), ociManifest, bytes);
}

async function pushIndex(
  host: string,
  repository: string,
  tag: string | undefined,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }));
  return pushManifest(host, repository, tag ?? digestOf(bytes), ociIndex, bytes);
}

const oddSites = new Sites({
  fill: async (host) => {
    for (const [name, push] of Object.entries(odd)) await push(host, `quay.io/odd/${name}`);
    return Object.keys(odd).map((name) => `quay.io/odd/${name}:1`);
  },
});
const plainSites = new Sites();

/** Is served for whoever asks: only the layers are odd. */
const configBlob = { digest: digestOf(Buffer.from(config)), size: config.length };
const blob = { digest: `sha256:${'a'.repeat(64)}`, size: 10 };
const dockerConfig = 'application/vnd.docker.container.image.v1+json';
const urls = ['https://example.com/layer'];

/** Manifests that cannot be carried whole; a registry need not take them for us to meet them. */
const refusals: Readonly<
  Record<string, readonly [mediaType: string, document: object, says: RegExp]>
> = {
  'foreign layers': [
    dockerManifest,
    {
      schemaVersion: 2,
      mediaType: dockerManifest,
      config: { ...configBlob, mediaType: dockerConfig },
      layers: [
        { ...blob, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', urls },
      ],
    },
    /foreign|non-?distributable/i,
  ],
  'non-distributable layers': [
    ociManifest,
    {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { ...configBlob, mediaType: imageConfig },
      layers: [
        {
          ...blob,
          mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
          urls,
        },
      ],
    },
    /foreign|non-?distributable/i,
  ],
  schema1: [
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
    {
      schemaVersion: 1,
      name: 'a/big',
      tag: '1',
      fsLayers: [{ blobSum: blob.digest }],
      history: [],
    },
    /manifest\.v1\+prettyjws/,
  ],
};

export const t32: Trial = {
  id: 'T32',
  title:
    'odd images are carried byte for byte, what cannot be carried is refused before anything is written',
  star: false,
  cases: (size) => [
    ...(size === 'full' ? kinds : (['distribution', 'crane'] as const)).flatMap((kind) =>
      verbs.map((verb) => ({
        name: `${verb}: ${Object.keys(odd).length} odd images, ${kind}`,
        run: async () => {
          const site = await oddSites.at(kind);
          await checkDone(site, verb, await site.run(verb));
          return survived();
        },
      })),
    ),
    ...(['mirror', 'create'] as const).flatMap((verb) =>
      Object.keys(refusals).map((name) => ({
        name: `${verb}: ${name}`,
        run: async () => early(await plainSites.at('distribution'), verb, name),
      })),
    ),
  ],
  close: async () => {
    await oddSites.close();
    await plainSites.close();
  },
};

async function early(site: Site, verb: Verb, name: string): Promise<Verdict> {
  const [mediaType, document, says] = refusals[name] ?? [];
  if (mediaType === undefined || document === undefined) throw new Error(name);
  site.source.front.rules.push(
    serves('quay.io/a/big', mediaType, Buffer.from(JSON.stringify(document))),
  );
  checkRefused(await site.run(verb), 2, says);
  assert.deepEqual(
    site.target.front.requests.filter(({ method }) => method !== 'HEAD'),
    [],
  );
  return refused();
}

function serves(repository: string, type: string, bytes: Buffer): FrontRule {
  const headers = { 'content-type': type, 'docker-content-digest': digestOf(bytes) };
  return ({ method, path }) => {
    if (path.endsWith(configBlob.digest)) return { status: 200, body: config };
    if (!path.startsWith(`/v2/${repository}/manifests/`)) return undefined;
    const body = method === 'HEAD' ? undefined : bytes.toString();
    return {
      status: 200,
      headers: { ...headers, 'content-length': bytes.length },
      ...(body && { body }),
    };
  };
}
