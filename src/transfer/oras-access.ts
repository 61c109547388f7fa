import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { onDisk } from '../disk/failures.ts';
import { makeFolder } from '../disk/folder.ts';
import { dockerHubKey, isDockerHub } from '../oci/docker-hub.ts';
import { type Credential, originOf } from '../registry/access.ts';
import type { RegistryClient } from '../registry/client.ts';
import { onceEach } from '../registry/once.ts';
import { isPrivate } from '../registry/plain-http.ts';
import { dockerTrust, systemTrust } from '../registry/trust.ts';
import type { TransferTools } from './job.ts';

/** What must be known of a registry to reach it. */
export type Reachable = Pick<RegistryClient, 'host' | 'access'>;

/** Writes what oras must know of registries into private files, and names them in its arguments. */
export interface OrasAccess {
  /** An empty folder for DOCKER_CONFIG, so that no store or helper of the user is asked. */
  readonly dockerConfig: string;
  /** `--from-…` or `--to-…` for this registry. */
  flags(end: 'from' | 'to', client: Reachable): Promise<string[]>;
  /** Removes the files. */
  close(): Promise<void>;
}

type Logins = Pick<TransferTools, 'scratch' | 'credential' | 'allowPlainHttpCredentials'>;

/** Trust is spelled out as our own client has it: `--…-ca-file` replaces what oras would trust by itself. */
export async function openOrasAccess(
  { scratch, credential, allowPlainHttpCredentials }: Logins,
  env: Context['env'],
): Promise<OrasAccess> {
  const folder = join(scratch, 'oras');
  const dockerConfig = join(folder, 'docker');
  await makeFolder(dockerConfig, 0o700);
  const login = onceEach(hostOf, async ({ host, access }: Reachable) => {
    // Where the way is open to all oras goes without: our own client has said so if the registry wants a login.
    const mayLogIn = allowPlainHttpCredentials || isPrivate(new URL(originOf(host, access)));
    const text = JSON.stringify(loginFile(host, mayLogIn ? await credential(host) : undefined));
    return writePrivate(join(folder, `login-${fileName(host)}.json`), text);
  });
  const system = systemTrust(env);
  const authorities = onceEach(hostOf, async ({ host, access }: Reachable) => {
    const all = [...(await system), ...(await dockerTrust(host)), access.caCert ?? ''];
    return writePrivate(join(folder, `authorities-${fileName(host)}.pem`), all.join('\n'));
  });
  const security = async (end: string, client: Reachable) => {
    if (client.access.plainHttp) return [`--${end}-plain-http=true`];
    if (client.access.insecureSkipVerify) return [`--${end}-plain-http=false`, `--${end}-insecure`];
    return [`--${end}-plain-http=false`, `--${end}-ca-file=${await authorities(client)}`];
  };
  return {
    dockerConfig,
    flags: async (end, client) => [
      `--${end}-registry-config=${await login(client)}`,
      ...(await security(end, client)),
    ],
    close: () => onDisk(folder, rm(folder, { recursive: true, force: true })),
  };
}

function hostOf({ host }: Reachable): string {
  return host;
}

/** A docker configuration with this one registry in it. */
export function loginFile(host: string, credential: Credential | undefined): object {
  if (credential === undefined) return { auths: {} };
  const key = isDockerHub(host) ? dockerHubKey : host;
  if ('identityToken' in credential)
    return { auths: { [key]: { identitytoken: credential.identityToken } } };
  const { username, password } = credential;
  return { auths: { [key]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } } };
}

function fileName(host: string): string {
  return host.replaceAll(/[^a-zA-Z0-9.-]/g, '_');
}

async function writePrivate(path: string, text: string): Promise<string> {
  await onDisk(path, writeFile(path, text, { mode: 0o600 }));
  return path;
}
