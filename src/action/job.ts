import { carriedCredential } from '../commands/carried-credential.ts';
import { readOlder } from '../commands/compare-older.ts';
import { partSizeOf, readyToCreate } from '../commands/create.ts';
import { refuseNoPart } from '../commands/create-shard.ts';
import { readDeltaBase } from '../commands/delta-base.ts';
import { readSavedPlan } from '../commands/saved-plan.ts';
import { shardName } from '../commands/shard.ts';
import type { Context } from '../context.ts';
import { readBundleSpec } from '../inputs/bundle-file.ts';
import { readText } from '../inputs/files.ts';
import { parseShardCount } from '../inputs/shard.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { Inventory } from '../plan/inventory.ts';
import { refuseToSignForks } from './fork.ts';
import type { ActionCommand, ActionInputs } from './inputs.ts';

/** What a step has to do, once everything is read that it hangs on. */
export type Job = Awaited<ReturnType<typeof readJob>>;

/**
 * All that inputs and files say, before any registry is asked.
 * @throws AirgapError or Failures
 */
export async function readJob(inputs: ActionInputs, context: Context) {
  const startedAt = context.now();
  const wants = (command: ActionCommand) => inputs.commands.includes(command);
  const spec = await readBundleSpec(inputs.bundle, context);
  const saved = await readSavedPlan(inputs.plan, context);
  await maskKey(spec, context);
  const shards = inputs.shards === undefined ? undefined : parseShardCount(inputs.shards);
  const shardOfPlan = shardName(inputs);
  if (shardOfPlan && saved && wants('create')) refuseNoPart(inputs, saved);
  const creation =
    wants('create') && !shardOfPlan ? await readCreation(inputs, spec, context) : undefined;
  const base = await readDeltaBase(inputs, spec, context);
  const compared = await olderInventory(inputs, context);
  return { inputs, startedAt, wants, spec, saved, shards, shardOfPlan, creation, base, compared };
}

/** How the bundle is to be made. */
async function readCreation(inputs: ActionInputs, spec: BundleSpec, context: Context) {
  const sign = await readyToCreate(spec, context);
  if (sign) await refuseToSignForks(context);
  const credential = await carriedCredential(spec, inputs.pull, context);
  return { out: inputs.out, partSize: partSizeOf(inputs.splitSize), sign, credential };
}

/** Read at once: the new bundle may come to lie in its place. */
async function olderInventory(
  { compareTo, since, reuse }: ActionInputs,
  context: Context,
): Promise<Inventory | undefined> {
  const path = compareTo ?? since ?? reuse;
  return path ? readOlder(path, context) : undefined;
}

/** A key that lies in a file is masked as well: later steps of the job could print it. */
async function maskKey({ signing }: BundleSpec, { emit }: Context): Promise<void> {
  if (!signing || !('key' in signing)) return;
  emit({ kind: 'secret', value: (await readText(signing.key, 'the signing key')).trimEnd() });
}
