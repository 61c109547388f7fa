import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { printInventory } from '../bundle/inventory-json.ts';
import type { Context } from '../context.ts';
import { parseShardCount } from '../inputs/shard.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { type Coverage, type Lacking, lackingOf } from '../plan/coverage.ts';
import type { Inventory } from '../plan/inventory.ts';
import { hasErrors, type Problem, warning } from '../plan/problem.ts';
import { type ShardMatrix, shardMatrix, usefulShards } from '../plan/shards.ts';
import { type PlanSizes, planSizes } from '../plan/sizes.ts';
import type { Registries } from '../registry/client.ts';
import { AirgapError, Failures } from '../report/error.ts';
import type { Event } from '../report/events.ts';
import { withConnections } from './connect.ts';
import { type DeltaOptions, readDeltaBase } from './delta-base.ts';
import { type PlannedBundle, type PlanningOptions, planBundle } from './make-plan.ts';
import { type LockResult, type Update, writeLock } from './pins.ts';
import { noPush } from './push-credential.ts';
import { coveredImages, withSourceImages } from './source-images.ts';
import { tellSmallDisk } from './tell-small-disk.ts';

export interface PlanResult {
  readonly inventory: Inventory;
  readonly problems: readonly Problem[];
  readonly coverage: Coverage;
  /** Only of `plan`. */
  readonly sizes?: PlanSizes;
  /** Only of `plan --lock`. */
  readonly lock?: LockResult;
  /** Only of `plan --shards`, and of a plan without errors. */
  readonly matrix?: ShardMatrix;
}

export interface PlanOptions extends DeltaOptions {
  /** File for the plan, to be carried out later by `--plan`; written only when the plan has no errors. */
  readonly out?: string | undefined;
  /** Write the lock file, after these pins of it were let go. Absent: follow it, if it is there. */
  readonly update?: Update | undefined;
  /** Into how many shards to split the plan, as a person wrote it. */
  readonly shards?: string | undefined;
}

/** `plan`: what would be mirrored and bundled, and what is wrong with it. Contacts source registries only. */
export async function runPlan(
  spec: BundleSpec,
  options: PlanOptions,
  context: Context,
): Promise<PlanResult> {
  const shards = options.shards === undefined ? undefined : parseShardCount(options.shards);
  const base = await readDeltaBase(options, spec, context);
  const { endpoint } = spec.target;
  return withConnections(endpoint, spec, noPush, context, async ({ registries }) => {
    const planned = await planOver(registries, spec, { ...options, base, shards }, context);
    return planned.result;
  });
}

/** Plans over registries that are open; what was planned comes with everything at hand. */
export async function planOver(
  registries: Registries,
  spec: BundleSpec,
  {
    out,
    shards,
    ...options
  }: Pick<PlanOptions, 'out'> & PlanningOptions & { shards?: number | undefined },
  context: Context,
): Promise<{ result: PlanResult; prepared: PlannedBundle }> {
  const complete = await withSourceImages(spec, registries, context);
  // Whoever plans looks at what is there now.
  const prepared = await planBundle(complete, registries, context, { ...options, fresh: true });
  const { inventory, images, relocked } = prepared;
  const sizes = planSizes(images, inventory);
  const lacking = lackingOf(inventory, await coveredImages(spec, registries, context));
  const problems = [...prepared.problems, ...lacking.map(lackingProblem)];
  const coverage = { ...prepared.coverage, lacking };
  const result = { inventory, problems, coverage, sizes };
  await tellSmallDisk(inventory, context);
  if (hasErrors(problems)) {
    if (out || options.update) context.emit(notSaved);
    return { result, prepared };
  }
  if (out) await savePlan(resolve(context.cwd, out), inventory, context);
  const made = {
    ...(shards ? { matrix: shardMatrix(usefulShards(prepared, shards)) } : {}),
    ...(relocked ? { lock: await writeLock(relocked, inventory) } : {}),
  };
  return { result: { ...result, ...made }, prepared };
}

function lackingProblem({ image, askedForBy: [first, ...others], wanted }: Lacking): Problem {
  const who = others.length > 0 ? `${first} and ${others.length} more` : first;
  const message = `${image} (${who}) would be asked for as ${wanted}, which the bundle does not bring`;
  return warning('lacking', [image], message, `add ${image} to images`);
}

/** What stops `mirror` and `create`. */
export function planErrors(problems: readonly Problem[]): AirgapError[] {
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(
      ({ kind, message, cure, places }) =>
        new AirgapError('usage', `${kind}: ${message}`, { next: cure, place: places?.[0] }),
    );
}

export function emitWarnings(problems: readonly Problem[], { emit }: Context): void {
  for (const { severity, message, cure, places } of problems) {
    if (severity === 'warning') emit({ kind: 'warning', message, cure, place: places?.[0] });
  }
}

/** Emits the warnings. @throws Failures when the plan has errors */
export function refuseOnErrors(problems: readonly Problem[], context: Context): void {
  emitWarnings(problems, context);
  const errors = planErrors(problems);
  if (errors.length > 0) throw new Failures('the plan has errors', errors);
}

const notSaved: Event = {
  kind: 'warning',
  message: 'a plan with errors is not saved, and changes no lock file',
  cure: 'mend the errors, and plan again',
};

async function savePlan(path: string, inventory: Inventory, context: Context): Promise<void> {
  await save(path, inventory);
  context.emit({
    kind: 'note',
    message: `saved to ${path}; carry it out with mirror --plan or create --plan`,
  });
}

async function save(path: string, inventory: Inventory): Promise<void> {
  try {
    await writeFile(path, printInventory(inventory));
  } catch (cause) {
    throw new AirgapError('io', 'the plan cannot be written', {
      given: `${path}: ${(cause as NodeJS.ErrnoException).code}`,
      next: 'give another file with --out',
      cause,
    });
  }
}
