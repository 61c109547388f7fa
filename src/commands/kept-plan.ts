import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseInventory } from '../bundle/inventory-json.ts';
import type { Context } from '../context.ts';
import { type Lock, takeLock } from '../disk/lock.ts';
import { asHint, replaceFile } from '../disk/replace.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { digestOf } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { Registries } from '../registry/client.ts';
import { AirgapError, canGoOn, Failures } from '../report/error.ts';
import { toolVersion } from '../version.ts';
import { type PlannedBundle, type PlanningOptions, planBundle, stateFolder } from './make-plan.ts';
import { refuseOnErrors } from './plan.ts';

export interface PlannedRun extends PlanningOptions {
  readonly spec: BundleSpec;
  /** What the plan is for, `mirror`, `create` or `mirror-create`: each keeps its own. */
  readonly name: string;
  /** Resolve again, whatever an earlier run left. */
  readonly fresh: boolean;
}

/** A plan, and the way to carry it out such that a run that is killed meanwhile can be gone on with. */
export interface Planned {
  readonly prepared: PlannedBundle;
  /**
   * Keeps the plan beside bundle.yaml until `work` is done. A plan that was given is not kept: it can be given again.
   * @throws Failures when the plan has errors, and what `work` throws
   */
  carryOut<T extends object>(work: (prepared: PlannedBundle) => Promise<T>): Promise<T>;
}

/**
 * Goes on with the plan that a run with the same input has left, or plans anew, and gives it to `use`. Meanwhile no
 * other run has the plan that is kept; one with a plan that was given keeps none, and is in nobody's way.
 * @throws AirgapError locked
 */
export async function planRun<T>(
  run: PlannedRun,
  registries: Registries,
  context: Context,
  use: (planned: Planned) => Promise<T>,
): Promise<T> {
  refuseFreshPlan(run);
  const lock = run.saved ? undefined : await lockKept(run, context);
  try {
    return await use(await plan(run, lock, registries, context));
  } finally {
    await lock?.release();
  }
}

async function plan(
  run: PlannedRun,
  lock: Lock | undefined,
  registries: Registries,
  context: Context,
): Promise<Planned> {
  const kept = run.saved ? undefined : openKeptPlan(run, lock, context);
  const left = run.fresh ? undefined : await kept?.read();
  const goneOn = left && (await goOn(left, run, registries, context));
  const prepared = goneOn ?? (await planBundle(run.spec, registries, context, run));
  return {
    prepared,
    async carryOut(work) {
      refuseOnErrors(prepared.problems, context);
      if (!goneOn) await kept?.write(prepared.inventory);
      try {
        const result = await work(prepared);
        if (!canGoOn(failuresOf(result))) await kept?.remove();
        return result;
      } catch (error) {
        if (!context.signal.aborted && !canGoOn(error)) await kept?.remove();
        throw error;
      }
    },
  };
}

/** Undefined where nothing can be written: then nothing is kept, and nothing is there to be held. */
async function lockKept({ spec, name }: PlannedRun, context: Context): Promise<Lock | undefined> {
  const folder = stateFolder(spec);
  const path = join(folder, `${name}-${spec.name}.lock`);
  const what = `the work folder ${folder} for ${name} of ${spec.name}`;
  try {
    return await takeLock({ path, what }, context);
  } catch (error) {
    if (error instanceof AirgapError && error.class === 'io') return undefined;
    throw error;
  }
}

/** A result may list what failed. */
function failuresOf(result: { readonly errors?: readonly AirgapError[] }): Failures {
  return new Failures('', result.errors ?? []);
}

function refuseFreshPlan({ saved, fresh }: PlannedRun): void {
  if (!saved || !fresh) return;
  throw new AirgapError('usage', '--plan and --fresh are both given', {
    expected: 'one of them: a saved plan is carried out exactly, --fresh resolves again',
  });
}

/** What was left is a hint: undefined where planning its digests gives another document by now. */
async function goOn(
  left: KeptPlan,
  run: PlannedRun,
  registries: Registries,
  context: Context,
): Promise<PlannedBundle | undefined> {
  tell(left, context);
  try {
    return await planBundle(run.spec, registries, context, { ...run, saved: left.inventory });
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'usage')) throw error;
    context.emit({ kind: 'note', message: 'that plan does not hold any more: resolving again' });
    return undefined;
  }
}

const day = 24 * 60 * 60 * 1000;

function tell({ plannedAt }: KeptPlan, { emit, now }: Context): void {
  const message = `going on with the plan of ${plannedAt}, which a run that did not finish has left`;
  const isOld = now().getTime() - Date.parse(plannedAt) > day;
  if (isOld) emit({ kind: 'warning', message, cure: 'resolve again with --fresh' });
  else emit({ kind: 'note', message: `${message}; --fresh resolves again` });
}

interface KeptPlan {
  readonly plannedAt: string;
  readonly inventory: Inventory;
}

const documentSchema = z.strictObject({
  input: z.string(),
  plannedAt: z.iso.datetime(),
  inventory: z.unknown(),
});

/**
 * The plan that a run keeps. A folder that cannot be written costs the resuming, never the run; nor does another run
 * that has taken over the lock, whose plan stays.
 */
function openKeptPlan(run: PlannedRun, lock: Lock | undefined, context: Context) {
  const { spec, name } = run;
  const path = join(stateFolder(spec), `plan-${name}-${spec.name}.json`);
  const input = fingerprint(run, context);
  const isOurs = async () => lock === undefined || lock.isHeld();
  return {
    /** Undefined where there is none for the same input. */
    read: () => readKept(path, input).catch(() => undefined),
    write: async (inventory: Inventory): Promise<void> => {
      const plannedAt = context.now().toISOString();
      const text = JSON.stringify({ input, plannedAt, inventory });
      if (!(await isOurs())) return;
      await replaceFile(path, text, asHint).catch((cause) => {
        const why = cause instanceof AirgapError ? cause.given : String(cause);
        const message = `the plan cannot be kept, so a killed run starts anew: ${why}`;
        context.emit({ kind: 'note', message });
      });
    },
    remove: async () => {
      if (await isOurs()) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** @throws whatever is wrong with it: nobody cares */
async function readKept(path: string, input: string): Promise<KeptPlan | undefined> {
  const document = documentSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  if (document.input !== input) return undefined;
  const inventory = parseInventory(Buffer.from(JSON.stringify(document.inventory)));
  return { plannedAt: document.plannedAt, inventory };
}

/** What the people's input is, without the content of the chart: that stands in the plan. */
function fingerprint({ spec: whole, withoutImages, base }: PlannedRun, { env }: Context): string {
  // Who has more patience the next time goes on all the same.
  const { retryBudgetMs: _, images: listed, ...spec } = whole;
  // Of a cluster the pods that name an image have other names every day.
  const images = [...new Set(listed.map(({ image }) => image))];
  const since = base?.about.inventoryDigest;
  const asked = { spec, images, withoutImages, since };
  const input = { ...asked, epoch: env.SOURCE_DATE_EPOCH, tool: toolVersion };
  return digestOf(Buffer.from(JSON.stringify(input)));
}
