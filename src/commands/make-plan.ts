import { join } from 'node:path';
import type { OlderBundle } from '../bundle/reuse.ts';
import type { Context } from '../context.ts';
import { defined } from '../inputs/defined.ts';
import type { BundleLock } from '../inputs/lock-file.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { Chart } from '../install/chart.ts';
import { type Coverage, coverageOf } from '../plan/coverage.ts';
import type { Inventory } from '../plan/inventory.ts';
import { makePlan, type Plan, type PlannedImage } from '../plan/plan.ts';
import { hasErrors, located, type Problem } from '../plan/problem.ts';
import { withReferrers } from '../plan/referrers.ts';
import type { Registries } from '../registry/client.ts';
import {
  type ContentCache,
  cacheBefore,
  type FolderCache,
  folderCache,
} from '../registry/content-cache.ts';
import { AirgapError } from '../report/error.ts';
import type { Event } from '../report/events.ts';
import { count } from '../report/units.ts';
import { credentialProblems } from './carried-credential.ts';
import { carriedTools } from './carried-tools.ts';
import { type DeltaBase, refuseOlderThanBase, savedBase } from './delta-base.ts';
import { findReferrers, lister, type ReferrerSources } from './find-referrers.ts';
import { loadChart, takesOurChart } from './load-chart.ts';
import { type MadeInventory, makeInventory } from './make-inventory.ts';
import { ownImageProblems, ownImageReferences, ownImages } from './own-images.ts';
import {
  checkUpdate,
  lockedPins,
  lockedTimes,
  lockProblems,
  type Relocked,
  relock,
  type Update,
} from './pins.ts';
import { lockedLists, type ReferrerLists, rememberedLists } from './referrer-lists.ts';
import type { ListReferrers } from './referrer-walk.ts';
import { resolveImages } from './resolve-images.ts';
import { checkAgainstSaved, pinsOf } from './saved-plan.ts';
import { savedReferrers } from './saved-referrers.ts';

/** The plan with everything at hand that carrying it out needs. */
export interface PlannedBundle extends MadeInventory {
  readonly spec: BundleSpec;
  readonly problems: readonly Problem[];
  readonly images: readonly PlannedImage[];
  readonly registries: Registries;
  readonly coverage: Omit<Coverage, 'lacking'>;
  /** The lock that `plan --lock` is to write; it has the time and sequence of the inventory. */
  readonly relocked?: Relocked;
  /** A config that planning has read. */
  readonly found: FolderCache['find'];
}

export interface PlanningOptions {
  /** A plan made earlier, to be carried out exactly. */
  readonly saved?: Inventory | undefined;
  /** Make the bundle without blobs, for a target that `mirror` has filled; a saved plan for one stays one. */
  readonly withoutImages?: boolean | undefined;
  /** A bundle made earlier, asked for manifests before the registries are. */
  readonly older?: OlderBundle | undefined;
  /** Make a delta that builds on this one; a saved plan for a delta stays one. */
  readonly base?: DeltaBase | undefined;
  /** Make a new lock: only these pins of the old one are let go. Absent: follow the lock that is there. */
  readonly update?: Update | undefined;
  /** Ask again what is attached to the images, however lately that was done. */
  readonly fresh?: boolean | undefined;
}

/** Reads the chart, resolves the images, plans, and lays out the bundle. Contacts source registries only. */
export async function planBundle(
  spec: BundleSpec,
  registries: Registries,
  context: Context,
  {
    saved,
    withoutImages = false,
    older,
    base = saved && savedBase(saved),
    update,
    fresh = false,
  }: PlanningOptions,
): Promise<PlannedBundle> {
  refuseExpired(spec, saved ? new Date(saved.createdAt) : creationTime(context, lockedTimes(spec)));
  const chart = await loadChart(spec, registries);
  const tools = await carriedTools(spec, context);
  if (chart && takesOurChart(spec)) context.emit(ourChartTaken(chart));
  const own = ownImages(spec, chart);
  const listed = [...spec.images, ...own.listed];
  if (update) checkUpdate(update, listed);
  const images = count(new Set(listed.map(({ image }) => image)).size, 'image');
  context.emit({
    kind: 'step',
    name: saved ? `reading ${images} as planned` : `resolving ${images}`,
  });
  const cache = contentCache(spec, older);
  const pins = saved ? pinsOf(saved) : lockedPins(spec.lock, update);
  const sources = { registries, cache, pins, watchesTags: saved === undefined };
  const resolved = await resolveImages(spec, listed, sources, context).finally(cache.keep);
  const lists = await listsFor(spec, { cache, update, fresh }, context);
  const attaching = withAttached(
    spec,
    makePlan(spec, resolved),
    { ...sources, saved },
    lists.list,
    context,
  );
  const plan = await attaching.finally(cache.keep);
  // Shards of a saved plan may run side by side.
  if (!saved) await lists.keep();
  const relocked =
    update &&
    relock(spec, resolved, spec.referrers ? lists.found() : undefined, registries, context.now());
  const locked = saved || context.env.SOURCE_DATE_EPOCH ? undefined : lockedTimes(spec, relocked);
  const createdAt = saved ? new Date(saved.createdAt) : creationTime(context, locked);
  const made = await makeInventory({
    spec: { ...spec, ...defined({ sequence: spec.sequence ?? locked?.sequence }) },
    plan,
    chart,
    ownImages: ownImageReferences(plan, own),
    createdAt,
    withoutImages: withoutImages || saved?.imagesNotEmbedded === true,
    withFiles: !hasErrors(plan.problems),
    tools,
    base,
  });
  refuseOlderThanBase(made.inventory);
  if (saved) checkAgainstSaved(saved, made.inventory);
  const problems = located(
    [
      ...plan.problems.filter(
        ({ kind }) => !takesOurChart(spec) || !addedByOurChart.includes(kind),
      ),
      ...(saved || update ? [] : lockProblems(spec, listed)),
      ...ownImageProblems(spec, own),
      ...credentialProblems(spec),
    ],
    listed,
  );
  const { images: planned } = plan;
  const coverage = coverageOf(plan.map, listed);
  const result = { spec, ...made, problems, images: planned, coverage, registries };
  return { ...result, found: cache.find, ...(relocked && { relocked }) };
}

/** As the lock has them; where it is not followed, as they were found lately, or are now. */
function listsFor(
  spec: BundleSpec,
  {
    cache,
    update,
    fresh,
  }: Pick<PlanningOptions, 'update'> & { cache: ContentCache; fresh: boolean },
  context: Context,
): ReferrerLists | Promise<ReferrerLists> {
  if (spec.lock?.referrers && !update) return lockedLists(spec.lock.referrers);
  const path = join(stateFolder(spec), 'referrers.json');
  return rememberedLists(path, lister({ cache }), fresh, context);
}

/** The plan with what is attached to its images: as a saved plan has it, else what is there now. */
async function withAttached(
  spec: BundleSpec,
  plan: Plan,
  { saved, ...sources }: ReferrerSources & { readonly saved: Inventory | undefined },
  list: ListReferrers,
  context: Context,
): Promise<Plan> {
  if (!spec.referrers) return plan;
  const found = saved
    ? await savedReferrers(plan.images, saved, sources)
    : await findReferrers(plan.images, spec.pullThrough, { ...sources, list }, context);
  return withReferrers(plan, found, spec.pullThrough);
}

function refuseExpired({ expires }: BundleSpec, createdAt: Date): void {
  if (expires === undefined || Date.parse(expires) > createdAt.getTime()) return;
  throw new AirgapError('usage', 'the bundle would have expired before it was made', {
    given: `expires ${expires}`,
    expected: `a time after ${createdAt.toISOString()}`,
    next: 'move expires in bundle.yaml, or leave it out',
  });
}

/** What a map may lack, since our chart adds it. */
const addedByOurChart: readonly Problem['kind'][] = ['no-default', 'target-not-excluded'];

function ourChartTaken({ name, version }: Chart): Event {
  return {
    kind: 'note',
    message: `imageSwap.chart is not given: taking our own chart, ${name} ${version}, and its two images`,
  };
}

function contentCache(spec: BundleSpec, older: OlderBundle | undefined): FolderCache {
  const kept = folderCache(join(stateFolder(spec), 'manifests'));
  if (!older) return kept;
  const near = cacheBefore(kept, older.find);
  return older.isComplete ? { ...near, atHand: older.find } : near;
}

/** Where hints for the next run lie: beside bundle.yaml. */
export function stateFolder(spec: BundleSpec): string {
  return join(spec.folder, '.airgap-bundle');
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org, "SOURCE_DATE_EPOCH"), else the lock's, else now. */
function creationTime({ env, now }: Context, locked?: Pick<BundleLock, 'createdAt'>): Date {
  const epoch = env.SOURCE_DATE_EPOCH;
  if (epoch === undefined || epoch === '') return locked ? new Date(locked.createdAt) : now();
  if (/^\d{1,11}$/.test(epoch)) return new Date(Number(epoch) * 1000);
  throw new AirgapError('usage', 'SOURCE_DATE_EPOCH is no time', {
    given: epoch,
    expected: 'seconds since 1970',
  });
}
