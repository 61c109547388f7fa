import type { ClusterTools } from '../cluster/tools.ts';
import type { SecretData } from '../install/secret.ts';
import { type Check, check, type Finding, failure, ok, skipAll } from './check.ts';
import { cureOfLostLogin, installStep } from './cures.ts';
import { compareKeys } from './secret-keys.ts';

/** A Secret as the API server has it. */
export interface Secret {
  readonly type: string;
  /** Decoded. */
  readonly data: ReadonlyMap<string, string>;
}

/** @throws AirgapError tool, cluster */
export async function readSecret(
  cluster: ClusterTools,
  name: string,
  namespace: string,
): Promise<Secret | undefined> {
  const found = await cluster.get<{ type: string; data?: Record<string, string> }>(
    'secret',
    name,
    namespace,
  );
  if (found === undefined) return undefined;
  const data = Object.entries(found.data ?? {}).map(([key, value]): [string, string] => [
    key,
    Buffer.from(value, 'base64').toString(),
  ]);
  return { type: found.type, data: new Map(data) };
}

const cure = installStep('secret');

const names = ['secret-keys', 'mirror-registries'] as const;

export const secretNames = ['secret', ...names] as const;

/**
 * `secret`: registry-info is there, of the right type. `secret-keys`: its keys are the bundle's.
 * `mirror-registries`: the map in it is the bundle's, byte by byte.
 * @param wanted what the bundle says; an empty USERNAME or PASSWORD says nothing
 */
export async function secretChecks(
  cluster: ClusterTools,
  wanted: SecretData,
): Promise<{ checks: readonly Check[]; secret: Secret | undefined }> {
  let secret: Secret | undefined;
  const present = await check('secret', async () => {
    secret = await readSecret(cluster, 'registry-info', 'jet-system');
    return presence(secret, Object.keys(wanted));
  });
  if (present.status !== 'ok' || secret === undefined) {
    const why = secret ? 'it is not the Secret to compare' : 'no Secret registry-info was read';
    return { checks: [present, ...skipAll(names, why)], secret: undefined };
  }
  const { data } = secret;
  const checks = [
    present,
    await check('secret-keys', () => compareKeys(data, wanted)),
    await check('mirror-registries', () => compareMap(data, wanted)),
  ];
  return { checks, secret };
}

function presence(secret: Secret | undefined, wanted: readonly string[]): Finding {
  if (secret === undefined)
    return failure('there is no Secret registry-info in jet-system', cureOfLostLogin());
  const { type, data } = secret;
  if (type !== 'Opaque')
    return failure(
      `the Secret registry-info in jet-system has the type ${type}, not Opaque`,
      `kubectl delete secret registry-info --namespace jet-system; ${cureOfLostLogin()}`,
    );
  if (wanted.some((key) => data.has(key)))
    return ok('Secret registry-info in jet-system, of type Opaque');
  const keys = [...data.keys()].join(', ') || 'none';
  return failure(
    `the Secret registry-info in jet-system is somebody else's; its keys: ${keys}`,
    `look who needs it, then: ${cureOfLostLogin('--yes')}`,
  );
}

function compareMap(data: ReadonlyMap<string, string>, { MIRROR_REGISTRIES: wanted }: SecretData) {
  const found = data.get('MIRROR_REGISTRIES');
  if (found === wanted) return ok("MIRROR_REGISTRIES is the bundle's, byte by byte");
  if (found === undefined) return failure('MIRROR_REGISTRIES is missing', cure);
  const [have, want] = [entriesIn(found), entriesIn(wanted)];
  const lines = [
    ...want.filter((entry) => !have.includes(entry)).map((entry) => `missing: ${entry}`),
    ...have.filter((entry) => !want.includes(entry)).map((entry) => `not of the bundle: ${entry}`),
  ];
  const what = lines.length > 0 ? lines : ['the same entries in another order or spelling'];
  return failure(["MIRROR_REGISTRIES is not the bundle's", ...what].join('\n'), cure);
}

const entriesIn = (map: string) => map.split(',').filter((entry) => entry.trim() !== '');
