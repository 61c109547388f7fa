import { resolve } from 'node:path';
import { type JoinedParts, openParts } from '../bundle/joined-parts.ts';
import type { Context } from '../context.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { planMissing, refuseLight } from './shard.ts';

export interface JoinOptions {
  /** Folder with the parts that `create --shard` wrote: all blobs are taken from there. */
  readonly join?: string | undefined;
  readonly reuse?: string | undefined;
}

/**
 * The parts of `create --join`. The caller closes them.
 * @returns undefined where nothing is to be joined
 * @throws AirgapError usage, integrity, io
 */
export async function openJoined(
  { join, reuse }: JoinOptions,
  saved: Inventory | undefined,
  { cwd }: Context,
): Promise<JoinedParts | undefined> {
  if (join === undefined) return undefined;
  if (!saved) throw planMissing('--join');
  refuseLight(saved);
  if (reuse !== undefined) throw reuseToo();
  return openParts(resolve(cwd, join), saved);
}

function reuseToo(): AirgapError {
  return new AirgapError('usage', '--join and --reuse are both given', {
    expected: '--reuse where parts are made, with --shard: the parts hold all that is joined',
  });
}
