import type { TargetSpec } from '../inputs/spec.ts';
import type { Digest } from '../oci/digest.ts';
import type { Chart, OwnImages } from './chart.ts';
import { type NodesInput, nodeFiles } from './nodes.ts';
import { readmeText } from './readme.ts';
import { secretYaml } from './secret.ts';
import { baseTable, type InventoryHead, imagesTable, settingsTable } from './tables.ts';
import { valuesYaml } from './values.ts';

/** One entry of the archive that the installer reads or a person looks at. */
export interface InstallFile {
  /** Path in the archive. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: 0o644 | 0o755;
}

export interface InstallInput {
  readonly inventory: InventoryHead;
  readonly target: TargetSpec;
  /** Absent in a non-airgap bundle: the Secret alone is installed. */
  readonly chart?: Chart;
  /** Full references in the target. */
  readonly ownImages?: OwnImages;
  readonly isEKSCluster?: boolean;
  /** Bytes of install.sh. */
  readonly script: Buffer;
  /** Bytes of bundle.js, where the bundle is to carry it. */
  readonly program?: Buffer;
  /** Programs for hosts behind the gap, from `carriedPath`. */
  readonly tools?: readonly InstallFile[];
  /** Of a delta: the `host/repository`s in the target into which each blob goes, by its digest. */
  readonly homes?: ReadonlyMap<Digest, readonly string[]>;
}

/**
 * Every file of the bundle that install.sh reads, in archive order (bundle-format.md, "Entries"): they follow
 * `oci-layout` and `index.json`. `SHA256SUMS`, which lists them all, goes between settings.tsv and README.txt.
 * @throws AirgapError `usage` for values that the cluster or the installer could not take.
 */
export function installFiles(input: InstallInput): InstallFile[] {
  return [
    { path: 'install.sh', bytes: input.script, mode: 0o755 },
    plain('images.tsv', imagesTable(input.inventory)),
    ...baseFiles(input),
    plain('settings.tsv', settingsTable(input.inventory, input.target, input.chart)),
    plain('README.txt', readmeText(input.inventory, carriedPlatforms(input.tools ?? []))),
    ...chartFiles(input),
    plain('registry-secret.yaml', secretYaml(input.target)),
    ...nodeFiles(nodesInput(input)).map(({ path, bytes }) => plain(path, bytes)),
    ...(input.program === undefined ? [] : [plain('bundle.js', input.program)]),
    ...(input.tools ?? []),
  ];
}

/** Where a bundle has the oras for a platform, `linux/amd64`. */
export function carriedPath(platform: string): string {
  return `tools/${platform.replace('/', '-')}/oras`;
}

/** The platforms that it has one for. */
export function carriedPlatforms(files: readonly { readonly path: string }[]): string[] {
  const names = files.map(({ path }) => /^tools\/([^/]+)\/oras$/.exec(path)?.[1]);
  return names.flatMap((name) => name?.replace('-', '/') ?? []);
}

function plain(path: string, bytes: Buffer): InstallFile {
  return { path, bytes, mode: 0o644 };
}

function baseFiles({ inventory, homes = new Map() }: InstallInput): InstallFile[] {
  const { base } = inventory;
  return base === undefined ? [] : [plain('base.tsv', baseTable(base, homes, inventory))];
}

function chartFiles({ chart, target, ownImages, isEKSCluster }: InstallInput): InstallFile[] {
  if (chart === undefined) return [];
  const values = valuesYaml({
    target,
    spelling: chart.spelling,
    ...(ownImages === undefined ? {} : { ownImages }),
    ...(isEKSCluster === undefined ? {} : { isEKSCluster }),
    ...(chart.pullSecret === undefined ? {} : { pullSecret: chart.pullSecret }),
  });
  return [plain(`chart/${chart.fileName}`, chart.bytes), plain('values.yaml', values)];
}

/** What the node files of a bundle are made of. */
export function nodesInput({
  inventory,
  target,
}: Pick<InstallInput, 'inventory' | 'target'>): NodesInput {
  const { endpoint, plainHttp, insecureSkipVerify, caCert } = inventory.target;
  const trust = caCert === undefined ? {} : { caCert };
  return {
    entries: target.mirrorMap.entries,
    endpoint,
    plainHttp,
    insecureSkipVerify,
    ...trust,
  };
}
