import * as z from 'zod';
import type { ClusterTools } from '../cluster/tools.ts';
import { type Check, check, type Finding, failure, ok, skipped } from './check.ts';
import type { PullLogin } from './registry-checks.ts';
import { readSecret, type Secret } from './secret-checks.ts';

const cure = 'sh install.sh BUNDLE --key PUB --only chart';

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
    if (!login.isKnown) return skipped(login.from);
    if (login.credential === undefined)
      return ok('the cluster pulls anonymously, and so do the pods of image-swap');
    const [namespace = '', own = ''] = name.split('/');
    const found = await readSecret(cluster, own, namespace);
    return compare(found, { name, endpoint, ...login.credential });
  });
}

function compare(
  found: Secret | undefined,
  { name, endpoint, username, password }: Wanted,
): Finding {
  if (found === undefined)
    return failure(`there is no Secret ${name}: the pods of image-swap cannot pull`, cure);
  const config = found.data.get('.dockerconfigjson') ?? '';
  const login = Buffer.from(`${username}:${password}`).toString('base64');
  if (loginFor(endpoint, config) === login)
    return ok(`${name} has the login of ${username} for ${endpoint}`);
  return failure(
    `${name} has another login for ${endpoint} than that of ${username}, or none`,
    cure,
  );
}

interface Wanted {
  readonly name: string;
  readonly endpoint: string;
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
