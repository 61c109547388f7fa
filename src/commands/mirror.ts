import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { count } from '../report/units.ts';
import { transferImages } from '../transfer/images.ts';
import type { TransferImage, TransferTools } from '../transfer/job.ts';
import { transfer } from '../transfer/transfer.ts';
import { withConnections } from './connect.ts';
import { planRun } from './kept-plan.ts';
import type { PlannedBundle } from './make-plan.ts';
import type { PushOptions } from './push-credential.ts';
import { readSavedPlan } from './saved-plan.ts';
import { ofShard, type ShardOptions, shardName, shardOf } from './shard.ts';
import { withSourceImages } from './source-images.ts';
import { type PlacedResult, placedResult, withTools } from './transferring.ts';

export interface MirrorOptions extends ShardOptions {
  /** Resolve again, whatever a killed run left. */
  readonly fresh: boolean;
  readonly push: PushOptions;
  /** Ask for the children and blobs of what is there. */
  readonly deep: boolean;
  /** Is told the plan that is carried out, of a shard too the whole. */
  readonly onPlan?: (prepared: PlannedBundle) => void;
}

/** `mirror`: registry → registry, every image to every placement, read back in the end. */
export async function runMirror(
  spec: BundleSpec,
  options: MirrorOptions,
  context: Context,
): Promise<PlacedResult> {
  const shard = shardName(options);
  const saved = await readSavedPlan(options.plan, context);
  const { endpoint } = spec.target;
  return withConnections(endpoint, spec, options.push, context, async (connections) => {
    const { registries } = connections;
    const complete = await withSourceImages(spec, registries, context);
    const run = { name: 'mirror', spec: complete, saved, fresh: options.fresh };
    return withTools(connections, context, (tools) =>
      planRun(run, registries, context, ({ carryOut }) =>
        carryOut((whole) => {
          const prepared = shard ? ofShard(whole, shardOf(whole, shard, context)) : whole;
          options.onPlan?.(whole);
          return mirrorPrepared(prepared, options.deep, tools, context);
        }),
      ),
    );
  });
}

/** The second half: carries out a plan that has no errors. */
export async function mirrorPrepared(
  prepared: PlannedBundle,
  deep: boolean,
  tools: TransferTools,
  context: Context,
): Promise<PlacedResult> {
  const { endpoint } = prepared.spec.target;
  const images = transferImages(prepared.inventory);
  const own = prepared.inventory.images.filter(
    ({ referrer, placements }) => !referrer && placements.length > 0,
  );
  context.emit({ kind: 'step', name: `mirroring ${count(own.length, 'image')} to ${endpoint}` });
  const job = {
    images,
    target: prepared.registries.client(endpoint),
    manifest: async (digest: TransferImage['digest']) => manifestOf(prepared, digest),
    origin: { kind: 'registries', locate: locator(prepared), found: prepared.found } as const,
    pullThrough: prepared.spec.pullThrough,
    deep,
  };
  return placedResult(prepared.inventory, await transfer(job, tools, context));
}

function manifestOf({ manifests }: PlannedBundle, digest: TransferImage['digest']) {
  const found = manifests.get(digest);
  if (!found) throw new Error(`the plan lacks the manifest ${digest}`);
  return { mediaType: found.descriptor.mediaType, bytes: found.bytes };
}

function locator({ images, registries }: PlannedBundle) {
  const references = new Map(images.map(({ entry, reference }) => [entry.source, reference]));
  return ({ source }: TransferImage) => {
    const reference = references.get(source);
    if (!reference) throw new Error(`the plan lacks the image ${source}`);
    return registries.source(reference);
  };
}
