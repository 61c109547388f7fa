import type { ClusterTools } from '../cluster/tools.ts';
import { type Finding, failure, ok, warning } from './check.ts';
import { isSelected, type Labels } from './selector.ts';
import type { RegisteredWebhook } from './webhook.ts';

/** What opts a namespace in, and a pod out. */
const label = 'k8s.twr.io/imageswap';

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

/**
 * `webhook-namespaces`: the webhook is asked about the namespaces that want it, and not about its own.
 * @throws AirgapError tool, cluster
 */
export async function lookAtNamespaces(
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
