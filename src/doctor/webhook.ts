import type { ClusterTools } from '../cluster/tools.ts';
import type { ReleaseObject } from './release.ts';
import type { Selector } from './selector.ts';

/** One webhook of a MutatingWebhookConfiguration (Kubernetes API, admissionregistration.k8s.io/v1). */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly service?: { readonly name: string; readonly namespace: string };
    readonly url?: string;
    /** PEM in base64. */
    readonly caBundle?: string;
  };
  readonly namespaceSelector?: Selector;
}

/** A webhook, and what its configuration is called. */
export interface RegisteredWebhook {
  readonly configuration: string;
  readonly webhook: Webhook;
}

interface Configuration {
  readonly metadata: { readonly name: string };
  readonly webhooks?: readonly Webhook[];
}

/** Where image-swap's own Service is, when no release says it: a webhook may outlive its release. */
const ownService = 'imageswap-system/imageswap';

/**
 * image-swap's webhooks: those that lead to a Service of the release, and those that the release brings itself. The
 * init container registers them, not helm.
 * @param objects of the release, where there is one
 * @throws AirgapError tool, cluster
 */
export async function findWebhooks(
  cluster: ClusterTools,
  objects: readonly ReleaseObject[] | undefined,
): Promise<RegisteredWebhook[]> {
  const services = objects === undefined ? [ownService] : servicesOf(objects);
  const brought = (objects ?? []).flatMap(({ kind, metadata }) =>
    kind === 'MutatingWebhookConfiguration' ? [metadata.name] : [],
  );
  const all = await cluster.list<Configuration>('mutatingwebhookconfigurations');
  return all.flatMap(({ metadata: { name }, webhooks = [] }) =>
    webhooks
      .filter(({ clientConfig: { service } }) => {
        const leadsTo = service && services.includes(`${service.namespace}/${service.name}`);
        return leadsTo || brought.includes(name);
      })
      .map((webhook) => ({ configuration: name, webhook })),
  );
}

/** `namespace/name` */
export function servicesOf(objects: readonly ReleaseObject[]): string[] {
  return objects.flatMap(({ kind, metadata }) =>
    kind === 'Service' ? [`${metadata.namespace}/${metadata.name}`] : [],
  );
}
