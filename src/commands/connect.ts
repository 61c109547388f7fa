import type { Context } from '../context.ts';
import type { BundleSpec, RegistryAccess } from '../inputs/spec.ts';
import type { InventoryTarget } from '../plan/inventory.ts';
import type { CredentialOf } from '../registry/access.ts';
import { openRegistries, type Registries } from '../registry/client.ts';
import { noPush, runCredentials } from './push-credential.ts';

export interface Connections {
  readonly registries: Registries;
  /** With what oras enters the same registries. */
  readonly credential: CredentialOf;
  readonly allowPlainHttpCredentials: boolean;
  readonly retryBudgetMs?: number;
  readonly stallMs?: number;
}

/** How a run reaches registries, as a spec says it. */
export type Ways = Pick<BundleSpec, 'registries' | 'retryBudgetMs'>;

/**
 * Opens the registries of a run.
 * @param endpoint the target, to which the push credential belongs
 */
export async function connect(
  endpoint: string,
  { registries: access, retryBudgetMs }: Ways,
  context: Context,
  push = noPush,
): Promise<Connections> {
  const entry = {
    credential: await runCredentials(endpoint, push, context),
    allowPlainHttpCredentials: push.allowPlainHttp,
    ...(retryBudgetMs === undefined ? {} : { retryBudgetMs }),
    ...stallTime(context),
  };
  return { registries: openRegistries({ access, ...entry, context }), ...entry };
}

/** Seconds, for tests: they cannot wait for the minute after which a body counts as stalled. */
function stallTime({ env }: Context): { stallMs?: number } {
  const seconds = Number(env.AIRGAP_BUNDLE_STALL_SECONDS);
  return seconds > 0 ? { stallMs: seconds * 1_000 } : {};
}

/** How the signed inventory says that its target is reached. */
export function targetAccess(target: InventoryTarget): Record<string, RegistryAccess> {
  const { endpoint, plainHttp, insecureSkipVerify, caCert } = target;
  return { [endpoint]: { plainHttp, insecureSkipVerify, ...(caCert ? { caCert } : {}) } };
}
