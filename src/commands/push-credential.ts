import type { Context } from '../context.ts';
import { type CredentialOf, canonicalHost } from '../registry/access.ts';
import { dockerCredentials } from '../registry/docker-credentials.ts';
import { AirgapError } from '../report/error.ts';
import {
  emitSecret,
  type GivenCredential,
  readGiven,
  type UserPassword,
} from './given-credential.ts';

/** The credential of whoever pushes; absent: the docker config's. */
export interface PushOptions extends GivenCredential {
  /** Whether credentials may be sent over plain HTTP beyond loopback. */
  readonly allowPlainHttp: boolean;
  /** Of single registries, by `canonicalHost`; they win over the docker config. */
  readonly logins?: ReadonlyMap<string, UserPassword>;
}

/** For runs that write nothing to the target. */
export const noPush: PushOptions = {
  username: undefined,
  passwordFile: undefined,
  allowPlainHttp: false,
};

/**
 * Credentials for every registry of a run: the push credential for the target, those that were given for others, and
 * the docker config's.
 * @throws AirgapError usage for a target with two credentials
 */
export async function runCredentials(
  endpoint: string,
  push: PushOptions,
  context: Context,
): Promise<CredentialOf> {
  const fromDocker = dockerCredentials(context);
  const pushed = await readGiven('push', push, context);
  const given = push.logins ?? new Map<string, UserPassword>();
  if (pushed && given.has(canonicalHost(endpoint))) throw givenTwice(endpoint);
  return async (host) => {
    const own = host === endpoint && pushed ? pushed : given.get(canonicalHost(host));
    const credential = own ?? (await fromDocker(host));
    if (credential && 'identityToken' in credential) {
      context.emit({ kind: 'secret', value: credential.identityToken });
    } else if (credential) emitSecret(credential, context);
    return credential;
  };
}

function givenTwice(endpoint: string): AirgapError {
  return new AirgapError('usage', 'the target has two credentials', {
    given: `${endpoint} in registry-auth, and push-username`,
    expected: 'one of the two',
    next: 'leave one of the two out',
  });
}
