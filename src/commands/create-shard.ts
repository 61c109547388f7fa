import { join, resolve } from 'node:path';
import type { OlderBundle } from '../bundle/reuse.ts';
import { partFileName, partInventory, planDigest } from '../bundle/shard-part.ts';
import { type WrittenArchive, writeAlone } from '../bundle/write.ts';
import type { Context } from '../context.ts';
import { type ShardName, shardText } from '../inputs/shard.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { leavesOf } from '../oci/graph.ts';
import type { Inventory, InventoryBlob } from '../plan/inventory.ts';
import type { Shard } from '../plan/shards.ts';
import { AirgapError } from '../report/error.ts';
import { withConnections } from './connect.ts';
import { blobReader, blobsAtOnce, withOlder } from './create.ts';
import { type DeltaOptions, readDeltaBase } from './delta-base.ts';
import { planRun } from './kept-plan.ts';
import type { PlannedBundle } from './make-plan.ts';
import { noPush } from './push-credential.ts';
import { readSavedPlan } from './saved-plan.ts';
import { planMissing, refuseLight, type ShardOptions, shardName, shardOf } from './shard.ts';
import { withSourceImages } from './source-images.ts';

export interface CreateShardOptions extends ShardOptions, DeltaOptions {
  /** Folder for the part. */
  readonly out: string;
  /** A bundle made earlier, whose blobs are taken from there. */
  readonly reuse?: string | undefined;
  /** Refused: they are for who joins the parts. */
  readonly splitSize?: string | undefined;
  readonly join?: string | undefined;
  /** Refused: a saved plan is carried out exactly. */
  readonly fresh: boolean;
}

export interface PartResult extends Omit<WrittenArchive, 'path'> {
  /** Path of the part. */
  readonly part: string;
  /** `1/3`. */
  readonly shard: string;
  /** Of the plan. */
  readonly plan: Digest;
  /** Images of the shard. */
  readonly images: number;
  /** Blobs of the bundle that the part has, and their bytes. */
  readonly blobs: number;
  readonly bytes: number;
  /** Bytes of blobs that came from an older bundle. */
  readonly reused: number;
}

/** `create --shard`: one part of a bundle, unsigned, for `create --join`. Needs no key; contacts source registries only. */
export async function runCreateShard(
  spec: BundleSpec,
  options: CreateShardOptions,
  context: Context,
): Promise<PartResult> {
  const name = shardName(options);
  const saved = await readSavedPlan(options.plan, context);
  if (!name || !saved) throw planMissing('--shard');
  refuseNoPart(options, saved);
  const { fresh } = options;
  const base = await readDeltaBase(options, spec, context);
  return withOlder({ reuse: options.reuse }, saved, context, (older) =>
    withConnections(spec.target.endpoint, spec, noPush, context, async ({ registries }) => {
      const complete = await withSourceImages(spec, registries, context);
      const run = { name: 'create', spec: complete, saved, fresh, older, base };
      return planRun(run, registries, context, ({ carryOut }) =>
        carryOut((prepared) => {
          const shard = shardOf(prepared, name, context);
          return writePart(prepared, { ...options, name, shard, saved, older }, context);
        }),
      );
    }),
  );
}

/** @throws AirgapError usage for what no part can be made with, or of */
export function refuseNoPart(
  options: Omit<CreateShardOptions, 'out' | 'fresh'>,
  saved: Inventory,
): void {
  refuseJoining(options);
  refuseLight(options.withoutImages ? { imagesNotEmbedded: true } : saved);
}

function refuseJoining({
  splitSize,
  join: folder,
}: Pick<CreateShardOptions, 'splitSize' | 'join'>): void {
  if (splitSize === undefined && folder === undefined) return;
  const other = folder === undefined ? '--split-size' : '--join';
  throw new AirgapError('usage', `--shard and ${other} are both given`, {
    expected:
      '--shard where a part is made; --join, and --split-size, where all are made one bundle',
  });
}

interface Part {
  readonly out: string;
  readonly name: ShardName;
  readonly shard: Shard;
  readonly saved: Inventory;
  readonly older: OlderBundle | undefined;
}

/** The second half: writes the part of a plan that has no errors. */
export async function writePart(
  prepared: PlannedBundle,
  { out, name, shard, saved, older }: Part,
  context: Context,
): Promise<PartResult> {
  const plan = planDigest(saved);
  const beside = name.number === 1 ? readBeside(prepared) : [];
  const inventory = partInventory(prepared.inventory, { plan, ...name }, shard, beside);
  const path = join(resolve(context.cwd, out), partFileName({ ...inventory, ...name }));
  context.emit({ kind: 'step', name: `writing ${path}` });
  const readBlob = blobReader(prepared);
  const job = { inventory, readBlob, out: path, concurrency: blobsAtOnce };
  const written = await writeAlone({ ...job, ...(older ? { older } : {}) }, context);
  const { sha256, size, resumed } = written;
  const images = shard.images.filter(({ referrer }) => !referrer).length;
  const { blobs } = shard;
  return {
    ...{ part: path, shard: shardText(name), plan, images },
    ...{ blobs: blobs.length, bytes: totalSize(blobs), sha256, size, resumed },
    reused: older?.taken.bytes ?? 0,
  };
}

/**
 * Small content that planning has read and the bundle leaves out: indexes before a platform filter, images that a cache
 * serves, configs that a delta leaves to its base.
 */
function readBeside({ inventory, images, found }: PlannedBundle): InventoryBlob[] {
  const carried = new Set(inventory.blobs.map(({ digest }) => digest));
  const beside = new Map<Digest, InventoryBlob>();
  const add = ({ digest, size }: InventoryBlob) => {
    if (!carried.has(digest)) beside.set(digest, { digest, size });
  };
  for (const { graph } of images) {
    for (const { descriptor } of graph.documents.values()) add(descriptor);
    for (const { manifest } of leavesOf(graph))
      if (found(manifest.config.digest)) add(manifest.config);
  }
  return [...beside.values()];
}
