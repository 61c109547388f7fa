import { carriedCredential } from '../commands/carried-credential.ts';
import { type Changes, changesSince, readOlder } from '../commands/compare-older.ts';
import { connect } from '../commands/connect.ts';
import {
  type CreateResult,
  createPrepared,
  openReused,
  partSizeOf,
  readyToCreate,
} from '../commands/create.ts';
import { type PartResult, refuseNoPart, writePart } from '../commands/create-shard.ts';
import { readDeltaBase } from '../commands/delta-base.ts';
import { contentsOfPlan } from '../commands/image-contents.ts';
import { openJoined } from '../commands/join-parts.ts';
import { planRun } from '../commands/kept-plan.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import { mirrorPrepared } from '../commands/mirror.ts';
import { type PlanResult, planOver, refuseOnErrors } from '../commands/plan.ts';
import { noPush } from '../commands/push-credential.ts';
import { readSavedPlan } from '../commands/saved-plan.ts';
import { ofShard, shardName } from '../commands/shard.ts';
import { withSourceImages } from '../commands/source-images.ts';
import { type PlacedResult, withTools } from '../commands/transferring.ts';
import type { Context } from '../context.ts';
import { readBundleSpec } from '../inputs/bundle-file.ts';
import { defined } from '../inputs/defined.ts';
import { readText } from '../inputs/files.ts';
import { parseShardCount } from '../inputs/shard.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { ImageContents } from '../plan/map-edges.ts';
import { hasErrors } from '../plan/problem.ts';
import { type AirgapError, failuresIn } from '../report/error.ts';
import { refuseToSignForks } from './fork.ts';
import type { ActionCommand, ActionInputs } from './inputs.ts';
import { writeProvenance } from './provenance.ts';

/** What the step did: of the commands that were asked for, as far as it came. */
export interface ActionResult {
  plan?: PlanResult;
  mirror?: PlacedResult;
  create?: CreateResult;
  /** What a step with a `shard` made in place of a bundle. */
  part?: PartResult;
  /** The plan with everything at hand. */
  prepared?: PlannedBundle;
  /** Paths of the report's files, where one was wanted. */
  reportFiles?: readonly string[];
  /** What each planned image consists of. */
  contents?: ImageContents;
  /** What installing the new bundle in place of an older one changes. */
  changes?: Changes;
  /** Path of the bundle's provenance, where there is one. */
  provenance?: string | undefined;
  errors: readonly AirgapError[];
}

/**
 * Plans once, then mirrors and creates by that one plan, as asked; a failure of one keeps the next from running.
 * Failures that a user can mend are part of the result; anything else is thrown.
 */
export async function runCommands(inputs: ActionInputs, outer: Context): Promise<ActionResult> {
  const context = { ...outer, env: { ...outer.env, ...inputs.env } };
  const result: ActionResult = { errors: [] };
  try {
    await carryOut(inputs, result, context);
    return { ...result, errors: result.mirror?.errors ?? [] };
  } catch (thrown) {
    const errors = failuresIn(thrown);
    if (errors.length === 0) throw thrown;
    return { ...result, errors };
  }
}

async function carryOut(
  inputs: ActionInputs,
  result: ActionResult,
  context: Context,
): Promise<void> {
  const startedAt = context.now();
  const wants = (command: ActionCommand) => inputs.commands.includes(command);
  const spec = await readBundleSpec(inputs.bundle, context);
  const saved = await readSavedPlan(inputs.plan, context);
  await maskKey(spec, context);
  const shards = inputs.shards === undefined ? undefined : parseShardCount(inputs.shards);
  const shard = shardName(inputs);
  if (shard && saved && wants('create')) refuseNoPart(inputs, saved);
  const makesBundle = wants('create') && !shard;
  const sign = makesBundle ? await readyToCreate(spec, context) : undefined;
  if (sign) await refuseToSignForks(context);
  const credential = makesBundle ? await carriedCredential(spec, inputs.pull, context) : undefined;
  const partSize = partSizeOf(inputs.splitSize);
  const base = await readDeltaBase(inputs, spec, context);
  const compared = await olderInventory(inputs, context);
  const parts = await openJoined(inputs, saved, context);
  const older = parts ?? (wants('create') ? await openReused(inputs.reuse, context) : undefined);
  const push = wants('mirror') ? inputs.push : { ...noPush, ...entryOf(inputs) };
  const connections = await connect(spec.target.endpoint, spec, context, push);
  const { registries } = connections;
  try {
    const { withoutImages, fresh, out } = inputs;
    const onPlan = (prepared: PlannedBundle) => {
      const { inventory, problems, coverage, images } = prepared;
      result.prepared = prepared;
      result.plan = { inventory, problems, coverage: { ...coverage, lacking: [] } };
      result.contents = contentsOfPlan({ images, inventory });
      if (compared && !hasErrors(problems)) result.changes = changesSince(compared, inventory);
    };
    if (!wants('mirror') && !wants('create')) {
      const { update } = inputs;
      const options = { saved, base, update, withoutImages, shards };
      const planned = await planOver(registries, spec, options, context);
      onPlan(planned.prepared);
      result.plan = planned.result;
      return refuseOnErrors(result.plan.problems, context);
    }
    const complete = await withSourceImages(spec, registries, context);
    const run = { name: nameOf(inputs), spec: complete, saved, fresh, withoutImages, older, base };
    await planRun(run, registries, context, ({ prepared, carryOut }) => {
      onPlan(prepared);
      return carryOut(async () => {
        if (wants('mirror')) {
          result.mirror = await withTools(connections, context, (tools) =>
            mirrorPrepared(
              shard ? ofShard(prepared, shard, context) : prepared,
              inputs.deep,
              tools,
              context,
            ),
          );
          if (result.mirror.errors.length > 0) return result.mirror;
        }
        if (shard && saved && wants('create'))
          result.part = await writePart(prepared, { out, name: shard, saved, older }, context);
        if (makesBundle) {
          const creation = { out, partSize, sign, credential, older };
          result.create = await createPrepared(prepared, creation, context);
          const making = { inputs, sign, startedAt };
          result.provenance = await writeProvenance(result.create, making, context);
        }
        return {};
      });
    });
  } catch (error) {
    throw parts?.fault() ?? error;
  } finally {
    await registries.close();
    await older?.close();
  }
}

/** Read at once: the new bundle may come to lie in its place. */
async function olderInventory(
  { compareTo, since, reuse }: ActionInputs,
  context: Context,
): Promise<Inventory | undefined> {
  const path = compareTo ?? since ?? reuse;
  return path ? readOlder(path, context) : undefined;
}

/** Who only reads enters the registries that have a login of their own. */
function entryOf({ push: { logins, allowPlainHttp } }: ActionInputs) {
  return { allowPlainHttp, ...defined({ logins }) };
}

/** Of the plan that is kept: looking at a plan needs none. */
function nameOf({ commands }: ActionInputs): string {
  return commands.filter((command) => command !== 'plan').join('-');
}

/** A key that lies in a file is masked as well: later steps of the job could print it. */
async function maskKey({ signing }: BundleSpec, { emit }: Context): Promise<void> {
  if (!signing || !('key' in signing)) return;
  emit({ kind: 'secret', value: (await readText(signing.key, 'the signing key')).trimEnd() });
}
