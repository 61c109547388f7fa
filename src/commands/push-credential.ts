import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { readText, withoutLastBreak } from '../inputs/files.ts';
import type { RegistryAccess } from '../inputs/spec.ts';
import type { Credential, CredentialOf } from '../registry/access.ts';
import { dockerCredentials } from '../registry/docker-credentials.ts';
import { AirgapError } from '../report/error.ts';

/** The credential of whoever pushes; absent: the docker config's. */
export interface PushOptions {
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly allowPlainHttp: boolean;
}

/** For runs that write nothing to the target. */
export const noPush: PushOptions = {
  username: undefined,
  passwordFile: undefined,
  allowPlainHttp: false,
};

/**
 * Credentials for every registry of a run: the push credential for the target, the docker config's for all others.
 * None is handed out for plain HTTP to a host that is not loopback, unless that is allowed.
 */
export async function runCredentials(
  endpoint: string,
  access: Readonly<Record<string, RegistryAccess>>,
  push: PushOptions,
  context: Context,
): Promise<CredentialOf> {
  const fromDocker = dockerCredentials(context);
  const pushed = await pushCredential(push, context);
  return async (host) => {
    const credential = host === endpoint && pushed ? pushed : await fromDocker(host);
    if (!credential) return undefined;
    emitSecret(credential, context);
    if (access[host]?.plainHttp && !isLoopback(host) && !push.allowPlainHttp)
      throw overPlainHttp(host);
    return credential;
  };
}

async function pushCredential(
  { username, passwordFile }: PushOptions,
  context: Context,
): Promise<Credential | undefined> {
  if (!username) return undefined;
  const password = passwordFile
    ? withoutLastBreak(await readText(resolve(context.cwd, passwordFile), 'the push password file'))
    : context.env.AIRGAP_BUNDLE_PUSH_PASSWORD;
  if (password) return { username, password };
  throw new AirgapError('usage', 'the push password is missing', {
    given: `--push-username ${username}`,
    expected: '--push-password-file FILE, or AIRGAP_BUNDLE_PUSH_PASSWORD',
  });
}

function emitSecret(credential: Credential, { emit }: Context): void {
  if ('identityToken' in credential) emit({ kind: 'secret', value: credential.identityToken });
  else {
    emit({ kind: 'secret', value: credential.password });
    const pair = `${credential.username}:${credential.password}`;
    emit({ kind: 'secret', value: Buffer.from(pair).toString('base64') });
  }
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
}

function overPlainHttp(host: string): AirgapError {
  return new AirgapError('usage', `a credential for ${host} would travel over plain HTTP`, {
    expected: 'https, or a registry on loopback',
    next: 'set up TLS, or add --allow-plain-http-credentials if the network is yours alone',
  });
}
