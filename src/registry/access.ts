import type { RegistryAccess } from '../inputs/spec.ts';
import { dockerHub, dockerHubApi, dockerHubHosts, isDockerHub } from '../oci/docker-hub.ts';
import { AirgapError } from '../report/error.ts';

export type { RegistryAccess };

export type AccessByHost = Readonly<Record<string, RegistryAccess>>;

/** What a registry or its token service wants to see; none at all is anonymous. */
export type Credential =
  | { readonly username: string; readonly password: string }
  /** An OAuth2 refresh token (docker's `identitytoken`). */
  | { readonly identityToken: string };

export type CredentialOf = (host: string) => Promise<Credential | undefined>;

/** The name under which a registry's settings and credentials are kept. @throws AirgapError('usage') */
export function canonicalHost(host: string): string {
  if (!/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?$/.test(host)) {
    throw new AirgapError('usage', 'not the host of a registry', {
      given: JSON.stringify(host),
      expected: 'host[:port], without a scheme or path',
    });
  }
  return isDockerHub(host) ? dockerHub : host;
}

/** Where the registry's API is: Docker Hub's is not at its name. */
export function originOf(host: string, access: RegistryAccess): string {
  const apiHost = host === dockerHub ? dockerHubApi : host;
  return new URL(`${access.plainHttp ? 'http' : 'https'}://${apiHost}`).origin;
}

/** The settings of whichever registry lives at this address; settings apply to the named host alone. */
export function accessAt(url: URL, accessByHost: AccessByHost): RegistryAccess {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const names = [
    url.host,
    `${url.hostname}:${port}`,
    ...(isDockerHub(url.host) ? dockerHubHosts : []),
  ];
  for (const name of names) {
    const access = accessByHost[name];
    if (access !== undefined) return access;
  }
  return {};
}
