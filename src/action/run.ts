import { type CreateResult, runCreate } from '../commands/create.ts';
import { runMirror } from '../commands/mirror.ts';
import { type PlanResult, planErrors, runPlan } from '../commands/plan.ts';
import type { PlacedResult } from '../commands/transferring.ts';
import type { Context } from '../context.ts';
import { readBundleSpec } from '../inputs/bundle-file.ts';
import type { AirgapError } from '../report/error.ts';
import type { ActionInputs } from './inputs.ts';

/** What the step did; fields are there for the commands that were asked for. */
export interface ActionResult {
  readonly plan: PlanResult;
  readonly mirror?: PlacedResult;
  readonly create?: CreateResult;
  readonly errors: readonly AirgapError[];
}

/** Plans always, then mirrors and creates as asked; a failure of one keeps the next from running. */
export async function runCommands(inputs: ActionInputs, outer: Context): Promise<ActionResult> {
  const context = { ...outer, env: { ...outer.env, ...inputs.env } };
  const { commands, plan: planFile, push, out, withoutImages } = inputs;
  const spec = await readBundleSpec(inputs.bundle, context);
  const plan = await runPlan(spec, { withoutImages }, context);
  const errors = planErrors(plan.problems);
  if (errors.length > 0) return { plan, errors };
  const mirror = commands.includes('mirror')
    ? await runMirror(spec, { plan: planFile, push }, context)
    : undefined;
  if (mirror && mirror.errors.length > 0) return { plan, mirror, errors: mirror.errors };
  const create = commands.includes('create')
    ? await runCreate(spec, { out, plan: planFile, withoutImages }, context)
    : undefined;
  return { plan, ...(mirror ? { mirror } : {}), ...(create ? { create } : {}), errors: [] };
}
