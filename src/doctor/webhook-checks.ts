import type { ClusterTools } from '../cluster/tools.ts';
import { type Check, check, type Finding, failure, ok, skipAll, skipped } from './check.ts';
import type { ReleaseObject } from './release.ts';
import { findWebhooks, type RegisteredWebhook, servicesOf } from './webhook.ts';
import { judgeCertificates } from './webhook-ca.ts';
import { lookAtNamespaces } from './webhook-namespaces.ts';
import { lookBehind } from './webhook-service.ts';

const names = ['webhook-service', 'webhook-ca', 'webhook-namespaces'] as const;

/** All that are skipped where there is no webhook to look at. */
export const webhookNames = ['webhook', ...names] as const;

/**
 * `webhook`: image-swap's webhook is registered. `webhook-service`: somebody answers for it. `webhook-ca`: the API
 * server can trust it. `webhook-namespaces`: it is asked about the namespaces that want it, and not about its own.
 * @param objects of the release; undefined where there is none
 */
export async function webhookChecks(
  cluster: ClusterTools,
  objects: readonly ReleaseObject[] | undefined,
  now: Date,
): Promise<Check[]> {
  let found: readonly RegisteredWebhook[] | undefined;
  const registered = await check('webhook', async () => {
    found = await findWebhooks(cluster, objects);
    return registration(found, objects);
  });
  const webhooks = found ?? [];
  if (webhooks.length === 0)
    return [registered, ...skipAll(names, found ? 'there is no webhook' : 'no webhook was read')];
  const others = await Promise.all([
    check('webhook-service', () => lookBehind(cluster, webhooks)),
    check('webhook-ca', () => judgeCertificates(webhooks, now)),
    check('webhook-namespaces', () => lookAtNamespaces(cluster, webhooks)),
  ]);
  return [registered, ...others];
}

function registration(
  webhooks: readonly RegisteredWebhook[],
  objects: readonly ReleaseObject[] | undefined,
): Finding {
  if (webhooks.length > 0) return ok(namesOf(webhooks).join(', '));
  if (objects === undefined)
    return skipped('what the release brought was not read, and none is left of an older one');
  const [service] = servicesOf(objects);
  if (service === undefined)
    return skipped('the chart brings no Service that a webhook could lead to');
  return failure(
    `no MutatingWebhookConfiguration leads to ${service}: no pod is rewritten`,
    `its pod registers it when it starts: kubectl get pods --namespace ${service.split('/')[0]}`,
  );
}

const namesOf = (webhooks: readonly RegisteredWebhook[]) => [
  ...new Set(webhooks.map(({ configuration }) => `MutatingWebhookConfiguration ${configuration}`)),
];
