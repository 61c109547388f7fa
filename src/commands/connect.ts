import type { Context } from '../context.ts';
import type { RegistryAccess } from '../inputs/spec.ts';
import type { InventoryTarget } from '../plan/inventory.ts';
import type { CredentialOf } from '../registry/access.ts';
import { openRegistries, type Registries } from '../registry/client.ts';
import { noPush, runCredentials } from './push-credential.ts';

export interface Connections {
  readonly registries: Registries;
  /** The same credentials for oras. */
  readonly credential: CredentialOf;
}

/**
 * Opens the registries of a run.
 * @param endpoint the target, to which the push credential belongs
 */
export async function connect(
  endpoint: string,
  access: Readonly<Record<string, RegistryAccess>>,
  context: Context,
  push = noPush,
): Promise<Connections> {
  const credential = await runCredentials(endpoint, access, push, context);
  return { registries: openRegistries({ access, credential, context }), credential };
}

/** How the signed inventory says that its target is reached. */
export function targetAccess(target: InventoryTarget): Record<string, RegistryAccess> {
  const { endpoint, plainHttp, insecureSkipVerify, caCert } = target;
  return { [endpoint]: { plainHttp, insecureSkipVerify, ...(caCert ? { caCert } : {}) } };
}
