import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../src/oci/descriptor.ts';
import { ociIndex, ociManifest } from '../src/oci/media-types.ts';
import type { Profile } from './profiles.ts';
import { Storage } from './storage.ts';

export interface Corpus {
  /** Folder of a registry that holds both states: `before/NAME:TAG` and `after/NAME:TAG`. */
  readonly folder: string;
  readonly before: readonly CorpusImage[];
  /** The same names and tags; every twentieth image has got another top layer. */
  readonly after: readonly CorpusImage[];
}

export interface CorpusImage {
  /** As a manifest would write it, without the tag: `quay.io/bench/app-007`. */
  readonly name: string;
  readonly tag: string;
  readonly root: Descriptor;
  /** Configs and layers of all its platforms. */
  readonly blobs: readonly Descriptor[];
}

const cache = join(import.meta.dirname, '..', '.tools', 'bench');
const registries = ['docker.io', 'quay.io', 'ghcr.io', 'gcr.io', 'registry.k8s.io'] as const;

/** image-swap's own images come into every bundle: here they are two of the corpus, for everyone. */
export const ownImages = {
  init: 'ghcr.io/phenixblue/imageswap-init:v1.5.3',
  image: 'ghcr.io/phenixblue/imageswap:v1.5.3',
} as const;

/** Made once and kept below .tools/bench, since a corpus never changes. */
export async function corpusOf(profile: Profile): Promise<Corpus> {
  const shape = createHash('sha256')
    .update(JSON.stringify([1, profile]))
    .digest('hex');
  const folder = join(cache, `${profile.name}-${shape.slice(0, 12)}`);
  const list = join(folder, 'corpus.json');
  if (!existsSync(list)) {
    await removeOlder(profile);
    await make(profile, folder, list);
  }
  return { ...(JSON.parse(await readFile(list, 'utf8')) as Omit<Corpus, 'folder'>), folder };
}

/** Also what a killed run has left half made. */
async function removeOlder({ name }: Profile): Promise<void> {
  const names = await readdir(cache).catch(() => []);
  for (const found of names.filter((found) => found.startsWith(`${name}-`)))
    await rm(join(cache, found), { recursive: true, force: true });
}

async function make(profile: Profile, folder: string, list: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const storage = new Storage(join(folder, 'storage'));
  const before: CorpusImage[] = [];
  const after: CorpusImage[] = [];
  for (let index = 0; index < profile.images; index++) {
    before.push(await makeImage(profile, index, 'before', storage));
    after.push(await makeImage(profile, index, 'after', storage));
  }
  await writeFile(`${list}.new`, JSON.stringify({ before, after }));
  await rename(`${list}.new`, list);
}

async function makeImage(
  profile: Profile,
  index: number,
  state: 'before' | 'after',
  storage: Storage,
): Promise<CorpusImage> {
  const [name = '', tag = ''] = nameOf(index).split(':');
  const repository = `${state}/${name}`;
  const both = profile.multiPlatformEvery > 0 && index % profile.multiPlatformEvery === 3;
  const blobs: Descriptor[] = [];
  const manifests: Descriptor[] = [];
  for (const architecture of both ? (['amd64', 'arm64'] as const) : (['amd64'] as const)) {
    const seeds = layerSeeds(profile, index, architecture, state === 'after' && index % 20 === 2);
    const layers: Descriptor[] = [];
    for (const { seed, size } of seeds) layers.push(await storage.layer(seed, size));
    const config = await storage.document(configType, configOf(architecture, layers));
    blobs.push(config, ...layers);
    const manifest = { schemaVersion: 2, mediaType: ociManifest, config, layers };
    const platform = { os: 'linux', architecture };
    manifests.push({ ...(await storage.document(ociManifest, manifest)), platform });
  }
  const index_ = { schemaVersion: 2, mediaType: ociIndex, manifests };
  const { platform: _, ...only } = manifests[0] as Descriptor;
  const root = both ? await storage.document(ociIndex, index_) : only;
  await storage.link(repository, tag, root, manifests, blobs);
  return { name, tag, root, blobs };
}

function nameOf(index: number): string {
  if (index === 0) return ownImages.init;
  if (index === 1) return ownImages.image;
  const number = String(index).padStart(3, '0');
  return `${registries[index % registries.length]}/bench/app-${number}:v1.${index % 10}.0`;
}

interface Seeded {
  readonly seed: string;
  readonly size: number;
}

function layerSeeds(
  profile: Profile,
  index: number,
  architecture: 'amd64' | 'arm64',
  changed: boolean,
): Seeded[] {
  const base = `${profile.name} ${architecture} base ${index % profile.bases[architecture]}`;
  const own = `${profile.name} ${architecture} image ${index}`;
  const last = profile.ownLayers.length - 1;
  return [
    ...profile.baseLayers.map((size, at) => ({ seed: `${base} ${at}`, size })),
    ...profile.ownLayers.map((mean, at) => ({
      seed: `${own} ${at}${changed && at === last ? ' changed' : ''}`,
      size: Math.round(mean * (0.4 + 1.2 * fraction(`${own} ${at}`))),
    })),
    ...(profile.giant && index === 3 ? [{ seed: `${own} giant`, size: profile.giant }] : []),
  ];
}

/** Between 0 and 1, evenly spread, the same for the same text. */
const fraction = (text: string) =>
  createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;

const configType = 'application/vnd.oci.image.config.v1+json';

function configOf(architecture: string, layers: readonly Descriptor[]): object {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  return { os: 'linux', architecture, created: '1970-01-01T00:00:00Z', rootfs };
}
