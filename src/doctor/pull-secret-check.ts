import * as z from 'zod';
import type { ClusterTools } from '../cluster/tools.ts';
import { type Check, check, type Finding, failure, ok, skipped } from './check.ts';
import { installStep, loginFlags } from './cures.ts';
import { isKnown, type PullLogin } from './registry-checks.ts';
import { readSecret, type Secret } from './secret-checks.ts';

/** With the login that the cluster has. */
const cure = installStep('chart');
const cureOfLogin = installStep('secret,chart', loginFlags);

/**
 * `pull-secret`: what image-swap's own pods pull with is what the cluster pulls with.
 * @param name NAMESPACE/NAME
 */
export async function pullSecretCheck(
  cluster: ClusterTools,
  name: string,
  endpoint: string,
  login: PullLogin,
): Promise<Check> {
  return check('pull-secret', async () => {
    if (!isKnown(login)) return skipped(login.from);
    if (login.credential === undefined)
      return ok('the cluster pulls anonymously, and so do the pods of image-swap');
    const [namespace = '', own = ''] = name.split('/');
    const found = await readSecret(cluster, own, namespace);
    const isGiven = login.origin === 'given';
    return compare(found, { name, endpoint, isGiven, ...login.credential });
  });
}

/** Of two Secrets that differ nobody here can say which is right; a login that was given is held to be. */
function compare(
  secret: Secret | undefined,
  { name, endpoint, isGiven, username, password }: Wanted,
): Finding {
  const cureOfNone = isGiven ? cureOfLogin : cure;
  if (secret === undefined)
    return failure(`there is no Secret ${name}: the pods of image-swap cannot pull`, cureOfNone);
  const found = loginFor(endpoint, secret.data.get('.dockerconfigjson') ?? '');
  if (found === Buffer.from(`${username}:${password}`).toString('base64'))
    return ok(`${name} has the login of ${username} for ${endpoint}`);
  if (found === undefined) return failure(`${name} has no login for ${endpoint}`, cureOfNone);
  if (isGiven)
    return failure(`${name} has another login for ${endpoint} than was given`, cureOfLogin);
  return failure(
    `jet-system/registry-info and ${name} have different logins; one of them is not right`,
    cureOfLogin,
  );
}

interface Wanted {
  readonly name: string;
  readonly endpoint: string;
  readonly isGiven: boolean;
  readonly username: string;
  readonly password: string;
}

const dockerConfig = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: z.string().optional() })),
});

function loginFor(endpoint: string, config: string): string | undefined {
  try {
    return dockerConfig.parse(JSON.parse(config)).auths[endpoint]?.auth;
  } catch {
    return undefined;
  }
}
