import { X509Certificate } from 'node:crypto';
import {
  type Check,
  check,
  type Finding,
  failure,
  ok,
  skipAll,
  skipped,
  warning,
} from './check.ts';
import type { ReleaseObject } from './release.ts';
import { isSelected, type Labels } from './selector.ts';
import type { ClusterTools } from './tools.ts';
import { findWebhooks, type RegisteredWebhook, servicesOf } from './webhook.ts';

const names = ['webhook-service', 'webhook-ca', 'webhook-namespaces'] as const;

/** All that are skipped where there is no webhook to look at. */
export const webhookNames = ['webhook', ...names] as const;

/** What opts a namespace in, and a pod out. */
const label = 'k8s.twr.io/imageswap';

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

async function lookBehind(
  cluster: ClusterTools,
  webhooks: readonly RegisteredWebhook[],
): Promise<Finding> {
  const found = await Promise.all(webhooks.map((one) => serviceFault(cluster, one)));
  const fault = found.find((one) => one !== undefined);
  if (fault) return fault;
  const services = webhooks.map(({ webhook: { clientConfig } }) => addressOf(clientConfig));
  return ok(`somebody is ready behind ${[...new Set(services)].join(', ')}`);
}

const addressOf = ({ service, url = '' }: RegisteredWebhook['webhook']['clientConfig']) =>
  service ? `${service.namespace}/${service.name}` : url;

async function serviceFault(
  cluster: ClusterTools,
  { configuration, webhook: { clientConfig } }: RegisteredWebhook,
): Promise<Finding | undefined> {
  const { service } = clientConfig;
  if (service === undefined) return undefined;
  const { name, namespace } = service;
  const lift = `kubectl delete mutatingwebhookconfiguration ${configuration} lifts it meanwhile`;
  if ((await cluster.get('service', name, namespace)) === undefined) {
    return failure(
      `the Service ${namespace}/${name} that ${configuration} leads to is gone: pods are refused or not rewritten`,
      `sh install.sh BUNDLE --key PUB --only chart; ${lift}`,
    );
  }
  const slices = await cluster.list<Slice>(
    'endpointslices',
    `--namespace=${namespace}`,
    `--selector=kubernetes.io/service-name=${name}`,
  );
  const isReady = slices.some(({ endpoints }) =>
    (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false),
  );
  if (isReady) return undefined;
  return failure(
    `nothing is ready behind the Service ${namespace}/${name}: pods are refused or not rewritten`,
    `kubectl get pods --namespace ${namespace}; ${lift}`,
  );
}

interface Slice {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

/** A bundle of certificates is as good as the last of them. */
function judgeCertificates(webhooks: readonly RegisteredWebhook[], now: Date): Finding {
  const found = webhooks.map((one) => certificateFinding(one, now));
  return (
    found.find(({ status }) => status === 'failure') ??
    found.find(({ status }) => status === 'warning') ??
    ok(found.map(({ evidence }) => evidence).join('\n'))
  );
}

const renew = 'restart its pods, which register it again: kubectl rollout restart deployment';
const month = 30 * 24 * 60 * 60 * 1000;

function certificateFinding(
  { configuration, webhook: { clientConfig } }: RegisteredWebhook,
  now: Date,
): Finding {
  const cure = `${renew} --namespace ${clientConfig.service?.namespace ?? 'NAMESPACE'}`;
  const pem = Buffer.from(clientConfig.caBundle ?? '', 'base64').toString();
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    return failure(`${configuration} has no CA: the API server cannot trust its server`, cure);
  try {
    const end = Math.max(...blocks.map((block) => Date.parse(new X509Certificate(block).validTo)));
    const until = `the CA of ${configuration} is valid until ${new Date(end).toISOString()}`;
    if (end < now.getTime()) return failure(`${until}: it has expired`, cure);
    return end < now.getTime() + month ? warning(`${until}: soon`, cure) : ok(until);
  } catch {
    return failure(`the CA of ${configuration} is no certificate`, cure);
  }
}

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

async function lookAtNamespaces(
  cluster: ClusterTools,
  webhooks: readonly RegisteredWebhook[],
): Promise<Finding> {
  const all = await cluster.list<Namespace>('namespaces');
  const selected = all.filter(({ metadata: { labels } }) =>
    webhooks.some(({ webhook }) => isSelected(webhook.namespaceSelector, labels)),
  );
  const own = webhooks.flatMap(({ webhook }) => webhook.clientConfig.service?.namespace ?? []);
  const itself = selected.find(({ metadata }) => own.includes(metadata.name));
  if (itself) {
    const { name } = itself.metadata;
    return failure(
      `the webhook is asked about pods of ${name}, where its own pods are: while none runs, none can start`,
      `kubectl label namespace ${name} ${label}=disabled --overwrite`,
    );
  }
  const mistyped = all.find(
    ({ metadata: { labels = {} } }) => !['enabled', 'disabled', undefined].includes(labels[label]),
  );
  if (mistyped) {
    const { name, labels = {} } = mistyped.metadata;
    return failure(
      `the namespace ${name} has the label ${label}=${labels[label]}, which says nothing to the webhook`,
      `kubectl label namespace ${name} ${label}=enabled --overwrite`,
    );
  }
  if (selected.length === 0) {
    return warning(
      'no namespace asks for the webhook: no pod is rewritten',
      `kubectl label namespace NAME ${label}=enabled`,
    );
  }
  return ok(`pods are rewritten in ${selected.map(({ metadata }) => metadata.name).join(', ')}`);
}
