import { readFile } from 'node:fs/promises';
import { layoutFiles, type RootIndex, rootIndexes } from '../bundle/oci-layout.ts';
import { sha256Sums, sumsPath } from '../bundle/sums.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { utcSeconds } from '../inputs/time.ts';
import { installScriptPath, programPath } from '../install/assets.ts';
import type { Chart, OwnImages } from '../install/chart.ts';
import { type InstallFile, installFiles } from '../install/files.ts';
import { printMirrorMap } from '../mirror-map/print.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { childrenFirst, type Leaf, leavesOf, type ManifestDocument } from '../oci/graph.ts';
import { formatPlatform } from '../oci/platform.ts';
import { blobRepositories, travels, uniqueBlobs } from '../plan/blobs.ts';
import type { Inventory, InventoryBase, InventoryBlob, InventoryFile } from '../plan/inventory.ts';
import type { Plan, PlannedImage } from '../plan/plan.ts';
import { blobsOf } from '../transfer/units.ts';
import { toolName, toolVersion } from '../version.ts';
import { credentialKind } from './carried-credential.ts';
import type { DeltaBase } from './delta-base.ts';
import { sbomFiles } from './sboms.ts';

export interface InventoryInput {
  readonly spec: BundleSpec;
  readonly plan: Plan;
  readonly chart: Chart | undefined;
  /** Full references in the target. */
  readonly ownImages: OwnImages;
  readonly createdAt: Date;
  readonly withoutImages: boolean;
  /** False for a plan that cannot be carried out: its targets may fit no file. */
  readonly withFiles: boolean;
  /** Programs that the bundle carries. */
  readonly tools: readonly InstallFile[];
  /** Makes a delta: what this bundle brings is left out. */
  readonly base?: DeltaBase | undefined;
}

export type Content = Pick<ManifestDocument, 'descriptor' | 'bytes'>;

export interface MadeInventory {
  readonly inventory: Inventory;
  /** The body of every file of the inventory, by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Root indexes, indexes and image manifests, by digest. */
  readonly manifests: ReadonlyMap<Digest, Content>;
}

/** Lays out the bundle of a plan: its blobs in archive order, its files, and the document that names them all. */
export async function makeInventory(input: InventoryInput): Promise<MadeInventory> {
  const { plan, withoutImages } = input;
  const chart = installedChart(input);
  const credentials = credentialKind(input.spec);
  const about = describe(input);
  const embedded = withoutImages ? [] : plan.images.filter(({ entry }) => travels(about, entry));
  const leaves = embedded.flatMap(({ graph }) => leavesOf(graph));
  const roots = rootIndexes(
    leaves.map(({ descriptor, platform }) => ({
      ...descriptor,
      ...(platform ? { platform } : {}),
    })),
  );
  const content = uniqueBlobs(embedded);
  const base = input.base && inventoryBase(input.base, leaves, manifestsOf(embedded));
  const leftOut = new Set(base?.blobs.map(({ digest }) => digest));
  const [root, ...moreRoots] = roots.map(({ descriptor }) => descriptor);
  const unfinished: Inventory = {
    ...about,
    ...(root ? { root } : {}),
    ...(moreRoots.length > 0 ? { moreRoots } : {}),
    images: plan.images.map(({ entry }) => entry),
    files: [],
    blobs: withRoots(
      roots,
      content.filter(({ digest }) => !leftOut.has(digest)),
    ),
    ...(chart ? { chart: chartEntry(chart) } : {}),
    ...(withoutImages ? { imagesNotEmbedded: true } : {}),
    ...(credentials ? { credentials } : {}),
    ...(base ? { base } : {}),
  };
  const layout = layoutFiles(
    embedded.filter(isRunnable).map(({ entry }) => entry),
    [
      ...roots.map(({ descriptor }) => descriptor),
      ...embedded.filter((image) => !isRunnable(image)).map(({ graph }) => graph.root),
    ],
  );
  const files = input.withFiles
    ? await allFiles(layout, unfinished, blobRepositories(embedded, about), input)
    : [];
  const documents = plan.images.flatMap(({ graph }): Content[] => childrenFirst(graph));
  return {
    inventory: { ...unfinished, files: files.map(fileEntry) },
    files: new Map(files.map(({ path, bytes }) => [path, bytes])),
    manifests: new Map([...roots, ...documents].map((one) => [one.descriptor.digest, one])),
  };
}

/** Manifests stay: they are small, and what is placed is made of them. */
function inventoryBase(
  { about, brings }: DeltaBase,
  leaves: readonly Leaf[],
  manifests: ReadonlySet<Digest>,
): InventoryBase {
  const blobs = blobsOf(leaves).filter(
    ({ digest }) => brings.has(digest) && !manifests.has(digest),
  );
  return { ...about, blobs: blobs.map(({ digest, size }) => ({ digest, size })) };
}

function manifestsOf(images: readonly PlannedImage[]): ReadonlySet<Digest> {
  return new Set(images.flatMap(({ graph }) => [...graph.documents.keys()]));
}

/** An image's own index can be, byte for byte, the root: then it stands there once. */
function withRoots(roots: readonly RootIndex[], blobs: readonly InventoryBlob[]): InventoryBlob[] {
  const first = roots.map(({ descriptor: { digest, size } }) => ({ digest, size }));
  const others = blobs.filter(({ digest }) => first.every((root) => root.digest !== digest));
  return [...first, ...others];
}

/** A chart or another artifact runs nowhere: no config says a platform. */
function isRunnable({ entry, graph }: PlannedImage): boolean {
  return !entry.referrer && leavesOf(graph).some((leaf) => leaf.platform);
}

function describe({ spec, plan, createdAt, base }: InventoryInput) {
  const { target, registries, environment, pullThrough } = spec;
  const access = registries[target.endpoint];
  return {
    schemaVersion: 1,
    name: spec.name,
    version: spec.version,
    sequence: spec.sequence ?? nextSequence(spec.name, createdAt, base),
    createdAt: utcSeconds(createdAt),
    ...(spec.expires ? { expiresAt: spec.expires } : {}),
    tool: { name: toolName, version: toolVersion },
    target: {
      endpoint: target.endpoint,
      baseContentPath: target.baseContentPath,
      plainHttp: access?.plainHttp ?? false,
      insecureSkipVerify: access?.insecureSkipVerify ?? false,
      ...(access?.caCert ? { caCert: access.caCert } : {}),
      mirrorMap: printMirrorMap(plan.map),
      environment,
      ...(pullThrough.length > 0 ? { pullThrough } : {}),
    },
    platforms: spec.platforms.map(formatPlatform),
  } as const;
}

/** Of a delta and its base, made in the same second, one must be the newer. */
function nextSequence(name: string, createdAt: Date, base: DeltaBase | undefined): number {
  const seconds = Math.floor(createdAt.getTime() / 1000);
  return base?.about.name === name ? Math.max(seconds, base.about.sequence + 1) : seconds;
}

/** A non-airgap bundle installs the Secret alone, whatever chart is named. */
function installedChart({ spec, chart }: InventoryInput): Chart | undefined {
  return spec.environment === 'airgap' ? chart : undefined;
}

function chartEntry({ name, version, digest }: Chart): NonNullable<Inventory['chart']> {
  return { name, version, digest };
}

interface BundleFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

/**
 * The layout's own files come first, then what the installer reads; before README.txt `SHA256SUMS`, over all of them,
 * and after it the SBOMs.
 */
async function allFiles(
  layout: ReadonlyMap<string, Buffer>,
  inventory: Inventory,
  homes: ReturnType<typeof blobRepositories>,
  input: InventoryInput,
): Promise<BundleFile[]> {
  const files: BundleFile[] = [
    ...[...layout].map(([path, bytes]) => ({ path, bytes, mode: 0o644 })),
    ...installFiles({ ...(await installInput(inventory, input)), homes }),
  ];
  const readme = files.findIndex(({ path }) => path === 'README.txt');
  const sboms = sbomFiles({ ...inventory, files: files.map(fileEntry) });
  const all = files.toSpliced(readme + 1, 0, ...sboms);
  return all.toSpliced(readme, 0, sumsOf(all.map(fileEntry)));
}

function sumsOf(files: readonly InventoryFile[]): BundleFile {
  return { path: sumsPath, bytes: sha256Sums(files), mode: 0o644 };
}

/** The bundle with one more file at the end, which its plan does not name. */
export function withFile<T extends Omit<MadeInventory, 'manifests'>>(made: T, file: BundleFile): T {
  const files = [...made.inventory.files, fileEntry(file)];
  const sums = sumsOf(files.filter(({ path }) => path !== sumsPath));
  const entry = fileEntry(sums);
  return {
    ...made,
    inventory: {
      ...made.inventory,
      files: files.map((one) => (one.path === sumsPath ? entry : one)),
    },
    files: new Map([...made.files, [file.path, file.bytes], [sums.path, sums.bytes]]),
  };
}

async function installInput(inventory: Inventory, input: InventoryInput) {
  const { spec, ownImages } = input;
  const { isEKSCluster } = spec.imageSwap;
  const chart = installedChart(input);
  return {
    inventory,
    target: spec.target,
    ownImages,
    script: await readFile(installScriptPath()),
    program: await readFile(programPath()),
    tools: input.tools,
    ...(chart ? { chart } : {}),
    ...(isEKSCluster === undefined ? {} : { isEKSCluster }),
  };
}

function fileEntry({ path, bytes, mode }: BundleFile): InventoryFile {
  return { path, size: bytes.length, sha256: hexOf(digestOf(bytes)), mode };
}
