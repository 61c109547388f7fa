import type { Context } from '../context.ts';
import type { BundleSpec, RegistryAccess } from '../inputs/spec.ts';
import { stallTimeOf } from '../inputs/stall-time.ts';
import type { InventoryTarget } from '../plan/inventory.ts';
import type { CredentialOf } from '../registry/access.ts';
import { openRegistries, type Registries } from '../registry/client.ts';
import { noPush, type PushOptions, runCredentials } from './push-credential.ts';

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
  const stallMs = stallTimeOf(context.env);
  const entry = {
    credential: await runCredentials(endpoint, push, context),
    allowPlainHttpCredentials: push.allowPlainHttp,
    ...(retryBudgetMs === undefined ? {} : { retryBudgetMs }),
    ...(stallMs === undefined ? {} : { stallMs }),
  };
  return { registries: openRegistries({ access, ...entry, context }), ...entry };
}

/**
 * Gives `work` the registries of a run, and closes them however it ends.
 * @param endpoint the target, to which the push credential belongs
 */
export async function withConnections<T>(
  endpoint: string,
  ways: Ways,
  push: PushOptions,
  context: Context,
  work: (connections: Connections) => Promise<T>,
): Promise<T> {
  const connections = await connect(endpoint, ways, context, push);
  try {
    return await work(connections);
  } finally {
    await connections.registries.close();
  }
}

/**
 * How the signed inventory says that its target is reached.
 * @param more what whoever runs it says
 */
export function targetAccess(
  target: InventoryTarget,
  more: Pick<RegistryAccess, 'maxConcurrent'> = {},
): Record<string, RegistryAccess> {
  const { endpoint, plainHttp, insecureSkipVerify, caCert } = target;
  return { [endpoint]: { plainHttp, insecureSkipVerify, ...(caCert ? { caCert } : {}), ...more } };
}
