import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { layoutFiles, rootIndexes } from '../../src/bundle/oci-layout.ts';
import { loadSigner } from '../../src/bundle/sign.ts';
import { sha256Sums } from '../../src/bundle/sums.ts';
import { writeBundle } from '../../src/bundle/write.ts';
import type { Context } from '../../src/context.ts';
import type { TargetSpec } from '../../src/inputs/spec.ts';
import { installScriptPath } from '../../src/install/assets.ts';
import { readChart, type Spelling } from '../../src/install/chart.ts';
import { type InstallFile, installFiles } from '../../src/install/files.ts';
import type { InventoryHead } from '../../src/install/tables.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { isImageManifest } from '../../src/oci/media-types.ts';
import type { InventoryImage } from '../../src/plan/inventory.ts';
import { makeChart } from '../helpers/chart.ts';
import { buildImage, type ImageOptions } from '../helpers/images.ts';

export interface BundleOptions {
  readonly folder: string;
  readonly endpoint: string;
  /** Absent: unsigned. */
  readonly key?: KeyType;
  readonly spelling?: Spelling;
  /** Path of a chart; absent: a small one in that spelling. */
  readonly chart?: string;
  /** Parts of the inventory that a test is about. */
  readonly inventory?: Partial<InventoryHead>;
  readonly access?: Partial<InventoryHead['target']>;
  readonly target?: Partial<TargetSpec>;
  readonly program?: string;
  /** Bytes; absent: one file. */
  readonly partSize?: number;
}

export type KeyType = 'ed25519' | 'ecdsa-p256';

export interface TestBundle {
  readonly path: string;
  readonly inventory: InventoryHead;
  readonly target: TargetSpec;
  /** `host/repository:tag` → digest. */
  readonly placements: ReadonlyMap<string, Digest>;
}

const samples: Readonly<Record<string, ImageOptions>> = {
  'nginx:1': { layers: ['shared layer', 'nginx'] },
  'quay.io/team/tool:2': {
    layers: ['shared layer', 'tool'],
    platforms: ['linux/amd64', 'linux/arm64'],
  },
};

/** A real bundle of two small images, one of them for two platforms, written by `src/bundle`. */
export async function makeBundle(options: BundleOptions): Promise<TestBundle> {
  const built = Object.entries(samples).map(([source, image]) => ({
    source,
    ...buildImage(image),
  }));
  const target = targetOf(options);
  const manifests = built.flatMap((image) => image.manifests);
  const leaves = manifests.map((one) => one.descriptor);
  const roots = rootIndexes(leaves.filter(({ mediaType }) => isImageManifest(mediaType)));
  const images = built.map(({ source, root }): InventoryImage => {
    const tag = source.split(':')[1];
    return {
      source,
      ...root,
      platforms: [],
      placements: placementsOf(source, target).map((repository) => ({
        reference: `${repository}:${tag}`,
        askedForBy: 'both' as const,
      })),
      pinnedBy: 'tag',
    };
  });
  const light = options.inventory?.imagesNotEmbedded === true;
  const inventory = headOf(options, target, images, light ? undefined : roots[0]?.descriptor);
  const installer = await filesOf(options, inventory, target);
  const layout = layoutFiles(light ? [] : images, light ? [] : roots.map((one) => one.descriptor));
  const files = withSums([
    ...[...layout].map(([path, bytes]) => ({ path, bytes, mode: 0o644 as const })),
    ...installer,
  ]);
  const blobs = new Map<Digest, Buffer>();
  if (!light) {
    for (const { descriptor, bytes } of [...roots, ...manifests])
      blobs.set(descriptor.digest, bytes);
    for (const image of built) for (const [digest, bytes] of image.blobs) blobs.set(digest, bytes);
  }
  const out = join(options.folder, `${inventory.name}-${inventory.version}.tar`);
  const { path } = await writeBundle(
    {
      inventory: {
        ...inventory,
        files: files.map(({ path, bytes, mode }) => ({
          path,
          size: bytes.length,
          sha256: hexOf(digestOf(bytes)),
          mode,
        })),
        blobs: [...blobs].map(([digest, bytes]) => ({ digest, size: bytes.length })),
      },
      files: new Map(files.map(({ path, bytes }) => [path, bytes])),
      readBlob: async ({ digest }) => ({ status: 200, body: Readable.from([blobs.get(digest)]) }),
      ...(options.key && { sign: await loadSigner(keyPair(options.folder, options.key).key) }),
      ...(options.partSize && { partSize: options.partSize }),
      out,
      concurrency: 2,
    },
    context(options.folder),
  );
  const placements = images.flatMap((image) =>
    image.placements.map(({ reference }) => [reference, image.digest] as const),
  );
  return { path, inventory, target, placements: new Map(placements) };
}

/** Made by openssl, once a folder, as any user could. */
export function keyPair(folder: string, type: KeyType): { key: string; pub: string } {
  const key = join(folder, `${type}.key`);
  const pub = join(folder, `${type}.pub`);
  const algorithm =
    type === 'ed25519' ? ['ED25519'] : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  try {
    execFileSync('openssl', ['pkey', '-in', key, '-noout'], { stdio: 'ignore' });
  } catch {
    execFileSync('openssl', ['genpkey', '-algorithm', ...algorithm, '-out', key], {
      stdio: 'ignore',
    });
    execFileSync('openssl', ['pkey', '-in', key, '-pubout', '-out', pub]);
  }
  return { key, pub };
}

/** Both consumers' references for nginx, one for the other. */
function placementsOf(source: string, { endpoint }: TargetSpec): string[] {
  return source === 'nginx:1'
    ? [`${endpoint}/airgap/docker.io/nginx`, `${endpoint}/airgap/docker.io/library/nginx`]
    : [`${endpoint}/airgap/quay.io/team/tool`];
}

function targetOf({ endpoint, target }: BundleOptions): TargetSpec {
  const mirrorRegistries =
    target?.mirrorRegistries ??
    `docker.io::${endpoint}/airgap/docker.io,quay.io::${endpoint}/airgap/quay.io`;
  return {
    endpoint,
    name: 'site registry',
    baseContentPath: 'airgap',
    insecureSkipVerify: true,
    ...target,
    mirrorRegistries,
    mirrorMap: parseMirrorMap(mirrorRegistries),
  };
}

function headOf(
  options: BundleOptions,
  target: TargetSpec,
  images: InventoryImage[],
  root: InventoryHead['root'],
): InventoryHead {
  return {
    schemaVersion: 1,
    name: 'pcg-override',
    version: '1.4.0',
    sequence: 7,
    createdAt: '2026-01-02T03:04:05Z',
    tool: { name: 'airgap-bundle', version: '0.1.0' },
    target: {
      endpoint: target.endpoint,
      baseContentPath: target.baseContentPath,
      plainHttp: true,
      insecureSkipVerify: false,
      mirrorMap: target.mirrorRegistries.replaceAll(',', '\n'),
      environment: 'airgap',
      ...options.access,
    },
    platforms: [],
    ...(root === undefined ? {} : { root }),
    images,
    ...options.inventory,
  };
}

async function filesOf(
  options: BundleOptions,
  inventory: InventoryHead,
  target: TargetSpec,
): Promise<InstallFile[]> {
  const { folder, spelling = 'bare' } = options;
  const chartPath = options.chart ?? (await makeChart(folder, { spelling }));
  const isAirgap = inventory.target.environment === 'airgap';
  return installFiles({
    inventory,
    target,
    ...(isAirgap ? { chart: await readChart(await readFile(chartPath), chartPath) } : {}),
    ownImages: { image: `${target.endpoint}/airgap/swap:1` },
    script: await readFile(installScriptPath()),
    ...(options.program === undefined ? {} : { program: Buffer.from(options.program) }),
  });
}

/** SHA256SUMS stands before README.txt (bundle-format.md, "Entries"). */
function withSums(files: InstallFile[]): InstallFile[] {
  const hashed = files.map(({ path, bytes }) => ({ path, sha256: hexOf(digestOf(bytes)) }));
  const sums = { path: 'SHA256SUMS', bytes: sha256Sums(hashed), mode: 0o644 as const };
  const readme = files.findIndex(({ path }) => path === 'README.txt');
  return files.toSpliced(readme, 0, sums);
}

function context(cwd: string): Context {
  return {
    env: {},
    cwd,
    temporary: cwd,
    now: () => new Date(0),
    signal: new AbortController().signal,
    emit: () => {},
  };
}
