import { ClusterTools, isForbidden } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import type { ClusterSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';

/**
 * All objects of a resource, as JSON.
 * @param resource as the API calls it: `deployments.apps`
 * @param namespace absent: all
 * @throws AirgapError tool without kubectl, cluster when it does not answer, or refuses
 */
export async function listObjects(
  resource: string,
  namespace: string | undefined,
  source: ClusterSource,
  context: Context,
): Promise<unknown> {
  const where = namespace === undefined ? '--all-namespaces' : `--namespace=${namespace}`;
  try {
    const cluster = new ClusterTools(source, context);
    return JSON.parse(await cluster.kubectl('get', resource, '--output=json', where));
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'cluster')) throw error;
    const there = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
    throw refused(`list ${resource} ${there}`, error);
  }
}

function refused(what: string, error: AirgapError): AirgapError {
  const { given } = error;
  return isForbidden(error)
    ? new AirgapError('cluster', `the cluster does not let us ${what}`, {
        given,
        next: 'give the login the verb list on it, or name the namespaces that it may read',
      })
    : new AirgapError('cluster', `kubectl cannot ${what}`, {
        given,
        next: 'mend context or kubeconfig of this source: kubectl config get-contexts lists them',
      });
}
