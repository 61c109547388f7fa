import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { readText, withoutLastBreak } from '../inputs/files.ts';
import type { Credential, CredentialOf } from '../registry/access.ts';
import { dockerCredentials } from '../registry/docker-credentials.ts';
import { AirgapError } from '../report/error.ts';

/** The credential of whoever pushes; absent: the docker config's. */
export interface PushOptions {
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  /** Whether credentials may be sent over plain HTTP beyond loopback. */
  readonly allowPlainHttp: boolean;
}

/** For runs that write nothing to the target. */
export const noPush: PushOptions = {
  username: undefined,
  passwordFile: undefined,
  allowPlainHttp: false,
};

/** Credentials for every registry of a run: the push credential for the target, the docker config's for all others. */
export async function runCredentials(
  endpoint: string,
  push: PushOptions,
  context: Context,
): Promise<CredentialOf> {
  const fromDocker = dockerCredentials(context);
  const pushed = await pushCredential(push, context);
  return async (host) => {
    const credential = host === endpoint && pushed ? pushed : await fromDocker(host);
    if (credential) emitSecret(credential, context);
    return credential;
  };
}

async function pushCredential(
  { username, passwordFile }: PushOptions,
  context: Context,
): Promise<Credential | undefined> {
  if (!username && passwordFile) throw passwordOfNobody(passwordFile);
  // The variable may be set for every job of a machine: alone it asks for nothing.
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

function passwordOfNobody(passwordFile: string): AirgapError {
  return new AirgapError('usage', 'a push password is given, but no user name', {
    given: passwordFile,
    next: 'add --push-username (push-username in the Action), or drop it to push with the docker config',
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
