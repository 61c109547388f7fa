import type { Digest } from '../oci/digest.ts';
import { referenceIn } from '../oci/reference.ts';
import { travels } from '../plan/blobs.ts';
import { groupBy } from '../plan/group-by.ts';
import type { Inventory, InventoryFile, InventoryImage } from '../plan/inventory.ts';
import { genericPurl, ociPurl } from './purl.ts';

/** What a bundle holds, as both forms of SBOM tell it. It follows from the inventory alone. */
export interface Contents {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly tool: Inventory['tool'];
  readonly items: readonly Item[];
}

export interface Item {
  /** Its name within the document: the purl where it has one. */
  readonly id: string;
  /** `artifact`: it stands in a registry and does not run; `base`: the bundle that a delta builds on. */
  readonly kind: 'image' | 'artifact' | 'chart' | 'file' | 'base';
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  /** Of its bytes; of an image that of its manifest or index. */
  readonly digest?: Digest;
  /** False: it is not in the bundle, and must be in the target already. */
  readonly isCarried: boolean;
  /** Ids of what it is a signature, an attestation or an SBOM of. */
  readonly attachedTo: readonly string[];
  /** The image at its source, where a platform filter made a smaller one of it. */
  readonly madeFrom?: string;
  /** What neither form has a field for. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** Where a bundle has them, by the names that both formats ask for. */
export const sbomPaths = { cyclonedx: 'sbom.cdx.json', spdx: 'sbom.spdx.json' } as const;

export type SbomForm = keyof typeof sbomPaths;

/**
 * @param leftOut paths of files that hang on the SBOMs, or that nobody may learn the hash of
 */
export function contentsOf(inventory: Inventory, leftOut: ReadonlySet<string>): Contents {
  const { name, version, createdAt, tool } = inventory;
  return {
    name,
    version,
    purl: genericPurl(name, version),
    createdAt,
    tool: { name: tool.name, version: tool.version },
    items: [
      ...imageItems(inventory),
      ...chartItems(inventory),
      ...fileItems(inventory, leftOut),
      ...baseItems(inventory),
    ],
  };
}

/** Of an image that is listed under two spellings of one name there is one. */
function imageItems(inventory: Inventory): Item[] {
  const named = inventory.images.map((entry) => ({ entry, ...nameOf(entry) }));
  const digests = groupBy(named, ({ entry }) => entry.digest);
  const ids = (digest: Digest) => (digests.get(digest) ?? []).map(({ id }) => id);
  return [...groupBy(named, ({ id }) => id).values()].flatMap((same) => {
    const [first] = same;
    const entries = same.map(({ entry }) => entry);
    return first ? [imageItem(inventory, first, entries, ids)] : [];
  });
}

function imageItem(
  inventory: Inventory,
  { id, purl, name, entry }: ReturnType<typeof nameOf> & { readonly entry: InventoryImage },
  entries: readonly InventoryImage[],
  ids: (digest: Digest) => readonly string[],
): Item {
  const { platforms, referrer, digest } = entry;
  const subjects = entries.flatMap((one) => attachedTo(one, ids));
  return {
    id,
    kind: platforms.length > 0 && !referrer ? 'image' : 'artifact',
    name,
    version: digest,
    ...(purl === undefined ? {} : { purl }),
    digest,
    isCarried: entries.some((one) => isCarried(inventory, one)),
    attachedTo: [...new Set(subjects)].filter((subject) => subject !== id),
    ...madeFrom(entry),
    facts: unique(entries.flatMap(factsOf)),
  };
}

/** What is no image name keeps the words that it came with. */
function nameOf({ source, digest, platforms }: InventoryImage): Pick<Item, 'id' | 'purl' | 'name'> {
  const reference = referenceIn(source);
  if (!reference) return { id: `image:${source}@${digest}`, name: source };
  const purl = ociPurl(reference, digest, platforms);
  return { id: purl, purl, name: `${reference.registry}/${reference.repository}` };
}

function isCarried(inventory: Inventory, entry: InventoryImage): boolean {
  return inventory.imagesNotEmbedded !== true && travels(inventory, entry);
}

/** With so many names of one digest all is said; more would let a stranger's list become as long as he likes. */
const mostNames = 100;

/** The subject itself; where that is a manifest within an image, the images that it travels with. */
function attachedTo(
  { referrer }: InventoryImage,
  ids: (digest: Digest) => readonly string[],
): string[] {
  if (!referrer) return [];
  const isListed = ids(referrer.subject).length > 0;
  const subjects = isListed ? [referrer.subject] : referrer.images;
  return subjects.flatMap((digest) => ids(digest).slice(0, mostNames));
}

function madeFrom({ source, originalDigest }: InventoryImage): Pick<Item, 'madeFrom'> {
  const reference = originalDigest && referenceIn(source);
  return reference && originalDigest ? { madeFrom: ociPurl(reference, originalDigest) } : {};
}

function factsOf({ source, mediaType, platforms, referrer }: InventoryImage): Item['facts'] {
  return [
    ['source', source],
    ['mediaType', mediaType],
    ...platforms.map((platform) => ['platform', platform] as const),
    ...(referrer ? [['subject', referrer.subject] as const] : []),
    ...(referrer?.artifactType ? [['artifactType', referrer.artifactType] as const] : []),
  ];
}

function chartItems({ chart, files }: Inventory): Item[] {
  if (!chart) return [];
  const { name, version, digest } = chart;
  const purl = genericPurl(name, version, digest);
  const paths = files.filter((file) => isChart(file, digest)).map(({ path }) => path);
  const facts = paths.map((path) => ['path', path] as const);
  return [
    {
      id: purl,
      kind: 'chart',
      name,
      version,
      purl,
      digest,
      isCarried: true,
      attachedTo: [],
      facts,
    },
  ];
}

function fileItems({ files, chart }: Inventory, leftOut: ReadonlySet<string>): Item[] {
  return files
    .filter((file) => !leftOut.has(file.path) && !(chart && isChart(file, chart.digest)))
    .map(({ path, sha256, size }) => ({
      id: `file:${path}`,
      kind: 'file',
      name: path,
      digest: `sha256:${sha256}` as Digest,
      isCarried: true,
      attachedTo: [],
      facts: [['size', String(size)]],
    }));
}

function isChart({ path, sha256 }: InventoryFile, digest: Digest): boolean {
  return path.startsWith('chart/') && digest === `sha256:${sha256}`;
}

function baseItems({ base }: Inventory): Item[] {
  if (!base) return [];
  const { name, version, inventoryDigest } = base;
  const purl = genericPurl(name, version);
  const id = `base:${purl}`;
  const facts = [['inventoryDigest', inventoryDigest]] as const;
  return [{ id, kind: 'base', name, version, purl, isCarried: false, attachedTo: [], facts }];
}

function unique(facts: Item['facts']): Item['facts'] {
  return [...new Map(facts.map((fact) => [fact.join('\n'), fact])).values()];
}
