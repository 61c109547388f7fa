import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import type { Inventory } from '../plan/inventory.ts';
import { targetRepositories } from '../plan/repositories.ts';
import { openOwnApi } from '../registry/own-api.ts';
import type { Event } from '../report/events.ts';
import { type Detected, detect, type RegistryKind } from '../vendors/detect.ts';
import { prepareEcr } from '../vendors/ecr.ts';
import { ecrRegistry } from '../vendors/ecr-host.ts';
import { type HarborWork, prepareHarbor } from '../vendors/harbor.ts';
import type { Provision } from '../vendors/need.ts';
import { type Connections, targetAccess, type Ways, withConnections } from './connect.ts';
import type { TrustOptions } from './keyring.ts';
import { planBundle } from './make-plan.ts';
import { refuseOnErrors } from './plan.ts';
import type { PushOptions } from './push-credential.ts';
import { withSignedBundle } from './signed-bundle.ts';
import { withSourceImages } from './source-images.ts';

export interface PrepareOptions {
  /** What the target is, whatever it looks like. */
  readonly kind?: RegistryKind | undefined;
  /** Look, and change nothing. */
  readonly dryRun: boolean;
  readonly push: PushOptions;
}

export interface PrepareBundleOptions extends PrepareOptions {
  readonly trust: TrustOptions;
  /** Path of a site file. */
  readonly site?: string | undefined;
  /** Milliseconds. */
  readonly retryBudgetMs?: number;
}

export interface PrepareResult extends Detected, Provision {
  /** Host of the target. */
  readonly target: string;
  readonly dryRun: boolean;
}

/**
 * `prepare BUNDLE`: makes what the target wants before `load` can push a bundle. Of the bundle its signature is checked,
 * and what is read of it; the images are not.
 * @throws AirgapError or Failures
 */
export function runPrepareBundle(
  path: string,
  options: PrepareBundleOptions,
  context: Context,
): Promise<PrepareResult> {
  return withSignedBundle(path, options, context, ({ inventory }) => {
    const { endpoint } = inventory.target;
    const { retryBudgetMs } = options;
    const ways = {
      registries: targetAccess(inventory.target),
      ...(retryBudgetMs === undefined ? {} : { retryBudgetMs }),
    };
    return withConnections(endpoint, ways, options.push, context, (connections) =>
      prepareTarget(inventory, { ways, connections }, options, context),
    );
  });
}

/** `prepare -f`: makes what the target wants before `mirror` can push. Plans as `plan` does. */
export function runPrepare(
  spec: BundleSpec,
  options: PrepareOptions,
  context: Context,
): Promise<PrepareResult> {
  return withConnections(spec.target.endpoint, spec, options.push, context, async (connections) => {
    const { registries } = connections;
    const complete = await withSourceImages(spec, registries, context);
    const { inventory, problems } = await planBundle(complete, registries, context, {
      fresh: true,
    });
    refuseOnErrors(problems, context);
    return prepareTarget(inventory, { ways: spec, connections }, options, context);
  });
}

async function prepareTarget(
  inventory: Inventory,
  { ways, connections }: { readonly ways: Ways; readonly connections: Connections },
  { kind, dryRun }: PrepareOptions,
  context: Context,
): Promise<PrepareResult> {
  const { endpoint: target } = inventory.target;
  const repositories = targetRepositories(inventory).repositories.map((reference) =>
    reference.slice(target.length + 1),
  );
  const api = openOwnApi(target, { ...connections, access: ways.registries, context });
  try {
    context.emit({ kind: 'step', name: `looking at what ${target} wants before a push` });
    const found = kind ? ({ kind, foundBy: 'flag' } as const) : await detect(api);
    const provision = await provide(found.kind, repositories, { api, dryRun, context });
    if (provision.needs.some(({ state }) => state === 'unknown')) context.emit(withoutAws);
    return { target, ...found, dryRun, ...provision };
  } finally {
    await api.close();
  }
}

async function provide(
  kind: RegistryKind,
  repositories: readonly string[],
  work: HarborWork & { readonly context: Context },
): Promise<Provision> {
  if (kind === 'harbor') return prepareHarbor(repositories, work);
  if (kind === 'none') return { needs: [], commands: [], errors: [] };
  return prepareEcr(repositories, { ...work, registry: ecrRegistry(work.api.host) });
}

const withoutAws: Event = {
  kind: 'warning',
  message: 'there is no aws on PATH: nobody looked what is there, and nothing was made',
  cure: 'run the printed commands where the AWS CLI is, or install it and prepare again',
};
