import type { ClusterTools } from '../cluster/tools.ts';
import { type Finding, failure, ok } from './check.ts';
import type { RegisteredWebhook } from './webhook.ts';

/** `webhook-service`: somebody answers for the webhook. @throws AirgapError tool, cluster */
export async function lookBehind(
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
