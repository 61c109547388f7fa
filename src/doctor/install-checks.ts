import type { ClusterTools } from '../cluster/tools.ts';
import type { Chart } from '../install/chart.ts';
import { release } from '../install/tables.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { RegistryClient } from '../registry/client.ts';
import { type Check, skipAll } from './check.ts';
import { installedCheck } from './installed-check.ts';
import { mapChecks, mapNames } from './map-checks.ts';
import { podChecks, podNames } from './pod-checks.ts';
import { pullSecretCheck } from './pull-secret-check.ts';
import type { PullLogin } from './registry-checks.ts';
import { releaseCheck } from './release.ts';
import { webhookChecks, webhookNames } from './webhook-checks.ts';

/** What a cluster is held to. */
export interface Wanted {
  readonly inventory: Inventory;
  readonly inventoryDigest: Digest;
  /** Absent in a non-airgap bundle. */
  readonly chart?: Chart;
  readonly now: Date;
}

/** What was learned before. */
export interface Known {
  readonly login: PullLogin;
  /** Undefined where the registry cannot be asked. */
  readonly target: RegistryClient | undefined;
}

const chartNames = ['release', 'pull-secret', ...webhookNames, ...mapNames] as const;
export const installNames = ['installed', ...chartNames, ...podNames] as const;

/** All that install.sh brings beside the Secret, and the pods that live by it. */
export async function installChecks(
  cluster: ClusterTools,
  wanted: Wanted,
  known: Known,
): Promise<Check[]> {
  const { inventory, inventoryDigest } = wanted;
  const checks = await Promise.all([
    installedCheck(cluster, release, inventory, inventoryDigest),
    chartChecks(cluster, wanted, known),
    podChecks(cluster, inventory, known.target),
  ]);
  return checks.flat();
}

async function chartChecks(
  cluster: ClusterTools,
  { inventory, chart, now }: Wanted,
  { login }: Known,
): Promise<Check[]> {
  if (chart === undefined) return skipAll(chartNames, 'the bundle has no chart: it is non-airgap');
  const { check, objects } = await releaseCheck(cluster, release, inventory);
  const others = await Promise.all([
    pullSecretChecks(cluster, chart, inventory.target.endpoint, login),
    webhookChecks(cluster, objects, now),
    objects
      ? mapChecks(cluster, objects, inventory)
      : skipAll(mapNames, 'what the release brought was not read'),
  ]);
  return [check, ...others.flat()];
}

async function pullSecretChecks(
  cluster: ClusterTools,
  { pullSecret }: Chart,
  endpoint: string,
  login: PullLogin,
): Promise<Check[]> {
  if (typeof pullSecret !== 'object')
    return skipAll(['pull-secret'], 'the chart names no Secret to pull with');
  return [await pullSecretCheck(cluster, pullSecret.name, endpoint, login)];
}
