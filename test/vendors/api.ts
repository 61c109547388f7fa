import type { Credential, RegistryAccess } from '../../src/registry/access.ts';
import { type OwnApi, openOwnApi } from '../../src/registry/own-api.ts';
import type { Event } from '../../src/report/events.ts';
import { context } from '../registry/context.ts';

/** The own API of a registry on loopback, tried for two seconds. */
export function api(
  host: string,
  credential?: Credential,
  access: RegistryAccess = { plainHttp: true },
): { readonly api: OwnApi; readonly events: Event[] } {
  const events: Event[] = [];
  const opened = openOwnApi(host, {
    access: { [host]: access },
    credential: async () => credential,
    allowPlainHttpCredentials: false,
    context: context({ emit: (event) => void events.push(event) }),
    retryBudgetMs: 2_000,
  });
  return { api: opened, events };
}
