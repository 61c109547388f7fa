import * as z from 'zod';
import { type Check, check, type Finding, failure, ok } from './check.ts';
import { readSecret, type Secret } from './secret-checks.ts';
import type { ClusterTools } from './tools.ts';

const cure = 'sh install.sh BUNDLE --key PUB --only chart';

/**
 * `pull-secret`: what image-swap's own pods pull with is what the Secret registry-info says.
 * @param name NAMESPACE/NAME
 * @param registryInfo what the cluster pulls with
 */
export async function pullSecretCheck(
  cluster: ClusterTools,
  name: string,
  registryInfo: Secret,
): Promise<Check> {
  return check('pull-secret', async () => {
    const [namespace = '', own = ''] = name.split('/');
    const found = await readSecret(cluster, own, namespace);
    return compare(found, name, registryInfo.data);
  });
}

function compare(
  found: Secret | undefined,
  name: string,
  data: ReadonlyMap<string, string>,
): Finding {
  const [endpoint = '', username, password] = ['DOMAIN', 'USERNAME', 'PASSWORD'].map((key) =>
    data.get(key),
  );
  if (!username) return ok('the cluster pulls anonymously, and so do the pods of image-swap');
  if (found === undefined)
    return failure(`there is no Secret ${name}: the pods of image-swap cannot pull`, cure);
  const config = found.data.get('.dockerconfigjson') ?? '';
  const login = Buffer.from(`${username}:${password}`).toString('base64');
  if (loginFor(endpoint, config) === login)
    return ok(`${name} has the login of registry-info for ${endpoint}`);
  return failure(`${name} has another login than registry-info for ${endpoint}, or none`, cure);
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
