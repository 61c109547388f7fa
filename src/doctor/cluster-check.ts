import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ClusterAt, type ClusterTools, isForbidden } from '../cluster/tools.ts';
import { unreadable } from '../inputs/files.ts';
import { AirgapError } from '../report/error.ts';
import { type Check, check, ok } from './check.ts';

/**
 * `cluster`: the API server answers.
 * @throws AirgapError usage for a kubeconfig or context that was named and is not there; tool
 */
export async function clusterCheck(cluster: ClusterTools, at: ClusterAt): Promise<Check> {
  const server = await serverOf(cluster, at);
  return check('cluster', async () => {
    try {
      const { gitVersion } = JSON.parse(await cluster.kubectl('get', '--raw', '/version'));
      return ok(`${server} answers, Kubernetes ${gitVersion}`);
    } catch (error) {
      if (error instanceof AirgapError && isForbidden(error)) return ok(`${server} answers`);
      throw noAnswer(server, error);
    }
  });
}

/** kubectl takes one that is not there for an empty one. @throws AirgapError usage, io */
export async function requireKubeconfig({ kubeconfig }: ClusterAt, cwd: string): Promise<void> {
  if (kubeconfig === undefined) return;
  const path = resolve(cwd, kubeconfig);
  await stat(path).catch((cause: unknown) => {
    throw unreadable(path, 'the kubeconfig', cause);
  });
}

async function serverOf(cluster: ClusterTools, at: ClusterAt): Promise<string> {
  const server = '--output=jsonpath={.clusters[0].cluster.server}';
  try {
    return (await cluster.kubectl('config', 'view', '--minify', server)) || 'the cluster';
  } catch (error) {
    if (!(error instanceof AirgapError) || error.class !== 'cluster') throw error;
    if (at.kubeconfig === undefined && at.context === undefined) return 'the cluster';
    throw new AirgapError('usage', 'that cluster cannot be asked', {
      given: `${named(at)}: ${error.given}`,
      expected: 'a kubeconfig that can be read, and a context of it',
      next: 'mend --kubeconfig and --context: kubectl config get-contexts lists them',
      cause: error,
    });
  }
}

/** kubectl does not say which file it did not find. */
function named({ kubeconfig, context }: ClusterAt): string {
  const flags = [kubeconfig && `--kubeconfig ${kubeconfig}`, context && `--context ${context}`];
  return flags.filter(Boolean).join(' ');
}

function noAnswer(server: string, error: unknown): unknown {
  if (!(error instanceof AirgapError) || error.class !== 'cluster') return error;
  return new AirgapError('cluster', `${server} does not answer to this login`, {
    given: error.given,
    next: 'give another --kubeconfig or --context, or look at the way to the cluster',
    cause: error,
  });
}
