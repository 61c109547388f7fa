import type { Context } from '../context.ts';
import { parseShardName, type ShardName, shardText } from '../inputs/shard.ts';
import type { Inventory } from '../plan/inventory.ts';
import { type Shard, shardsOf } from '../plan/shards.ts';
import { AirgapError } from '../report/error.ts';
import { count } from '../report/units.ts';
import type { PlannedBundle } from './make-plan.ts';

export interface ShardOptions {
  /** File of `plan -o`. */
  readonly plan?: string | undefined;
  /** `1/3`, as a person wrote it; absent: the whole plan. */
  readonly shard?: string | undefined;
}

/** @throws AirgapError usage */
export function shardName({ plan, shard }: ShardOptions): ShardName | undefined {
  if (shard === undefined) return undefined;
  const name = parseShardName(shard);
  if (!plan) throw planMissing('--shard');
  return name;
}

/** Shards are of one plan: whoever resolves again may find other images. */
export function planMissing(flag: string): AirgapError {
  return new AirgapError('usage', `${flag} is given without --plan`, {
    expected: 'the one plan that all shards carry out: a tag may have moved since another read it',
    next: 'make it with plan --shards N -o plan.json, and give it with --plan plan.json',
  });
}

/** @throws AirgapError usage */
export function refuseLight({ imagesNotEmbedded }: Pick<Inventory, 'imagesNotEmbedded'>): void {
  if (!imagesNotEmbedded) return;
  throw new AirgapError(
    'usage',
    'the plan is of a bundle without images: no blob is to be shared out',
    {
      expected: 'a plan of a bundle with its images; mirror takes shards of either',
      next: 'make the light bundle in one run, without --shard and --join',
    },
  );
}

/** Says what of the plan this run carries out, and if it is nothing. */
export function shardOf(prepared: PlannedBundle, name: ShardName, { emit }: Context): Shard {
  const shard = shardsOf(prepared, name.count)[name.number - 1];
  if (!shard) throw new Error(`no shard ${shardText(name)}`);
  const [images, all] = [shard.images, prepared.inventory.images].map(ownOf);
  const what =
    shard.images.length === 0
      ? 'nothing to do, as there are more shards than images to share out'
      : `${images} of ${count(all ?? 0, 'image')}`;
  emit({ kind: 'note', message: `shard ${shardText(name)}: ${what}` });
  return shard;
}

/** The plan with the images of one shard alone, as `mirror` needs it. */
export function ofShard(prepared: PlannedBundle, { images }: Shard): PlannedBundle {
  return {
    ...prepared,
    inventory: { ...prepared.inventory, images },
    images: prepared.images.filter(({ entry }) => images.includes(entry)),
  };
}

function ownOf(images: Inventory['images']): number {
  return images.filter(({ referrer }) => !referrer).length;
}
