import { join } from 'node:path';
import type { OlderBundle } from '../bundle/reuse.ts';
import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { Chart } from '../install/chart.ts';
import type { Inventory } from '../plan/inventory.ts';
import { makePlan, type Plan, type PlannedImage } from '../plan/plan.ts';
import { hasErrors, type Problem } from '../plan/problem.ts';
import { withReferrers } from '../plan/referrers.ts';
import type { Registries } from '../registry/client.ts';
import { cacheBefore, type FolderCache, folderCache } from '../registry/content-cache.ts';
import { AirgapError } from '../report/error.ts';
import type { Event } from '../report/events.ts';
import { count } from '../report/units.ts';
import { credentialProblems } from './carried-credential.ts';
import { carriedTools } from './carried-tools.ts';
import { type DeltaBase, refuseOlderThanBase, savedBase } from './delta-base.ts';
import { findReferrers, type ReferrerSources } from './find-referrers.ts';
import { loadChart, takesOurChart } from './load-chart.ts';
import { type MadeInventory, makeInventory } from './make-inventory.ts';
import { ownImageProblems, ownImageReferences, ownImages } from './own-images.ts';
import { resolveImages } from './resolve-images.ts';
import { checkAgainstSaved, pinsOf } from './saved-plan.ts';
import { savedReferrers } from './saved-referrers.ts';

/** The plan with everything at hand that carrying it out needs. */
export interface Prepared extends MadeInventory {
  readonly spec: BundleSpec;
  readonly problems: readonly Problem[];
  readonly images: readonly PlannedImage[];
  readonly registries: Registries;
  /** A config that planning has read. */
  readonly found: FolderCache['find'];
}

export interface PrepareOptions {
  /** A plan made earlier, to be carried out exactly. */
  readonly saved?: Inventory | undefined;
  /** Make the bundle without blobs, for a target that `mirror` has filled; a saved plan for one stays one. */
  readonly withoutImages?: boolean | undefined;
  /** A bundle made earlier, asked for manifests before the registries are. */
  readonly older?: OlderBundle | undefined;
  /** Make a delta that builds on this one; a saved plan for a delta stays one. */
  readonly base?: DeltaBase | undefined;
}

/** Reads the chart, resolves the images, plans, and lays out the bundle. Contacts source registries only. */
export async function prepare(
  spec: BundleSpec,
  registries: Registries,
  context: Context,
  { saved, withoutImages = false, older, base = saved && savedBase(saved) }: PrepareOptions,
): Promise<Prepared> {
  const createdAt = saved ? new Date(saved.createdAt) : creationTime(context);
  refuseExpired(spec, createdAt);
  const chart = await loadChart(spec, registries);
  const tools = await carriedTools(spec, context);
  if (chart && takesOurChart(spec)) context.emit(ourChartTaken(chart));
  const own = ownImages(spec, chart);
  const listed = [...spec.images, ...own.listed];
  const images = count(listed.length, 'image');
  context.emit({
    kind: 'step',
    name: saved ? `reading ${images} as planned` : `resolving ${images}`,
  });
  const cache = contentCache(spec, older);
  const sources = { registries, cache, pins: pinsOf(saved) };
  const resolved = await resolveImages(spec, listed, sources, context).finally(cache.keep);
  const attaching = withAttached(spec, makePlan(spec, resolved), { ...sources, saved }, context);
  const plan = await attaching.finally(cache.keep);
  const made = await makeInventory({
    spec,
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
  const problems = [
    ...plan.problems.filter(({ kind }) => !takesOurChart(spec) || !addedByOurChart.includes(kind)),
    ...ownImageProblems(spec, own),
    ...credentialProblems(spec),
  ];
  return { spec, ...made, problems, images: plan.images, registries, found: cache.find };
}

/** The plan with what is attached to its images: as a saved plan has it, else what is there now. */
async function withAttached(
  spec: BundleSpec,
  plan: Plan,
  { saved, ...sources }: ReferrerSources & { readonly saved: Inventory | undefined },
  context: Context,
): Promise<Plan> {
  if (!spec.referrers) return plan;
  const found = saved
    ? await savedReferrers(plan.images, saved, sources)
    : await findReferrers(plan.images, spec.pullThrough, sources, context);
  return withReferrers(plan, found, spec.pullThrough);
}

function refuseExpired({ expires }: BundleSpec, createdAt: Date): void {
  if (expires === undefined || Date.parse(expires) > createdAt.getTime()) return;
  throw new AirgapError('usage', 'the bundle would have expired before it was made', {
    given: `expires ${expires}`,
    expected: `a time after ${createdAt.toISOString()}`,
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
  return older ? cacheBefore(kept, older.find) : kept;
}

/** Where hints for the next run lie: beside bundle.yaml. */
export function stateFolder(spec: BundleSpec): string {
  return join(spec.folder, '.airgap-bundle');
}

/** SOURCE_DATE_EPOCH, else now (reproducible-builds.org, "SOURCE_DATE_EPOCH"). */
function creationTime({ env, now }: Context): Date {
  const epoch = env.SOURCE_DATE_EPOCH;
  if (epoch === undefined || epoch === '') return now();
  if (/^\d{1,11}$/.test(epoch)) return new Date(Number(epoch) * 1000);
  throw new AirgapError('usage', 'SOURCE_DATE_EPOCH is no time', {
    given: epoch,
    expected: 'seconds since 1970',
  });
}
