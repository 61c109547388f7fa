import type { OlderBundle } from '../bundle/reuse.ts';
import { type Changes, changesSince } from '../commands/compare-older.ts';
import { type Connections, withConnections } from '../commands/connect.ts';
import { type CreateResult, createPrepared, withOlder } from '../commands/create.ts';
import { type PartResult, writePart } from '../commands/create-shard.ts';
import { planRun } from '../commands/kept-plan.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import { mirrorPrepared } from '../commands/mirror.ts';
import { type PlanResult, planOver, refuseOnErrors } from '../commands/plan.ts';
import { noPush } from '../commands/push-credential.ts';
import { ofShard, shardOf } from '../commands/shard.ts';
import { withSourceImages } from '../commands/source-images.ts';
import { type PlacedResult, withTools } from '../commands/transferring.ts';
import type { Context } from '../context.ts';
import { defined } from '../inputs/defined.ts';
import { hasErrors } from '../plan/problem.ts';
import { type AirgapError, failuresIn } from '../report/error.ts';
import type { ActionInputs } from './inputs.ts';
import { type Job, readJob } from './job.ts';
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
  const job = await readJob(inputs, context);
  const { spec, saved, wants } = job;
  const push = wants('mirror') ? inputs.push : { ...noPush, ...entryOf(inputs) };
  const { join, reuse } = inputs;
  const from = wants('create') ? { join, reuse } : { join };
  await withOlder(from, saved, context, (older) =>
    withConnections(spec.target.endpoint, spec, push, context, (connections) =>
      wants('mirror') || wants('create')
        ? planAndCarryOut({ ...job, older }, connections, result, context)
        : planAlone(job, connections, result, context),
    ),
  );
}

async function planAlone(
  job: Job,
  { registries }: Connections,
  result: ActionResult,
  context: Context,
): Promise<void> {
  const { spec, saved, base, shards } = job;
  const { update, withoutImages } = job.inputs;
  const options = { saved, base, update, withoutImages, shards };
  const planned = await planOver(registries, spec, options, context);
  notePlan(planned.prepared, job, result);
  result.plan = planned.result;
  refuseOnErrors(result.plan.problems, context);
}

/** The plan is part of the result before it is carried out. */
async function planAndCarryOut(
  job: JobWithOlder,
  connections: Connections,
  result: ActionResult,
  context: Context,
): Promise<void> {
  const { registries } = connections;
  const { fresh, withoutImages } = job.inputs;
  const spec = await withSourceImages(job.spec, registries, context);
  const { saved, older, base } = job;
  const run = { name: nameOf(job.inputs), spec, saved, fresh, withoutImages, older, base };
  await planRun(run, registries, context, ({ prepared, carryOut }) => {
    notePlan(prepared, job, result);
    return carryOut(async () => {
      const name = job.shardOfPlan;
      const shard = name && shardOf(prepared, name, context);
      if (job.wants('mirror')) {
        const images = shard ? ofShard(prepared, shard) : prepared;
        result.mirror = await withTools(connections, context, (tools) =>
          mirrorPrepared(images, job.inputs.deep, tools, context),
        );
        if (result.mirror.errors.length > 0) return result.mirror;
      }
      if (name && shard && saved && job.wants('create')) {
        const part = { out: job.inputs.out, name, shard, saved, older };
        result.part = await writePart(prepared, part, context);
      }
      await create(prepared, job, result, context);
      return {};
    });
  });
}

interface JobWithOlder extends Job {
  readonly older: OlderBundle | undefined;
}

/** The bundle, and where it was made. */
async function create(
  prepared: PlannedBundle,
  { creation, older, inputs, startedAt }: JobWithOlder,
  result: ActionResult,
  context: Context,
): Promise<void> {
  if (!creation) return;
  result.create = await createPrepared(prepared, { ...creation, older }, context);
  const making = { inputs, sign: creation.sign, startedAt };
  result.provenance = await writeProvenance(result.create, making, context);
}

function notePlan(prepared: PlannedBundle, { compared }: Job, result: ActionResult): void {
  const { inventory, problems, coverage } = prepared;
  result.prepared = prepared;
  result.plan = { inventory, problems, coverage: { ...coverage, lacking: [] } };
  if (compared && !hasErrors(problems)) result.changes = changesSince(compared, inventory);
}

/** Who only reads enters the registries that have a login of their own. */
function entryOf({ push: { logins, allowPlainHttp } }: ActionInputs) {
  return { allowPlainHttp, ...defined({ logins }) };
}

/** Of the plan that is kept: looking at a plan needs none. */
function nameOf({ commands }: ActionInputs): string {
  return commands.filter((command) => command !== 'plan').join('-');
}
