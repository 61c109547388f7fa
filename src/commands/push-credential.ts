import type { Context } from '../context.ts';
import type { CredentialOf } from '../registry/access.ts';
import { dockerCredentials } from '../registry/docker-credentials.ts';
import { emitSecret, type GivenCredential, readGiven } from './given-credential.ts';

/** The credential of whoever pushes; absent: the docker config's. */
export interface PushOptions extends GivenCredential {
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
  const pushed = await readGiven('push', push, context);
  return async (host) => {
    const credential = host === endpoint && pushed ? pushed : await fromDocker(host);
    if (credential && 'identityToken' in credential) {
      context.emit({ kind: 'secret', value: credential.identityToken });
    } else if (credential) emitSecret(credential, context);
    return credential;
  };
}
