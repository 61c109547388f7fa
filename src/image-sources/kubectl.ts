import { execa } from 'execa';
import type { Context } from '../context.ts';
import type { ClusterSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';

/**
 * All objects of a resource, as JSON.
 * @param resource as the API calls it: `deployments.apps`
 * @param namespace absent: all
 * @throws AirgapError tool without kubectl, cluster when it does not answer, or refuses
 */
export async function listObjects(
  resource: string,
  namespace: string | undefined,
  { context: name, kubeconfig }: ClusterSource,
  { cwd, env, signal }: Context,
): Promise<unknown> {
  const argv = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(name === undefined ? [] : [`--context=${name}`]),
    ...['--request-timeout=60s', 'get', resource, '--output=json'],
    namespace === undefined ? '--all-namespaces' : `--namespace=${namespace}`,
  ];
  // A cloud's login program needs variables of its own; none needs ours.
  const theirs = Object.entries(env).filter(([variable]) => !variable.startsWith('AIRGAP_BUNDLE_'));
  const ended = await execa('kubectl', argv, {
    cwd,
    env: Object.fromEntries(theirs),
    extendEnv: false,
    stdin: 'ignore',
    cancelSignal: signal,
    reject: false,
    maxBuffer: 1024 ** 3,
  });
  if (!ended.failed) return JSON.parse(ended.stdout);
  signal.throwIfAborted();
  if (ended.exitCode === undefined) throw missing(ended.code);
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  throw refused(`list ${resource} ${where}`, ended.stderr);
}

/** Whether the login lacks a right, which it may have on other resources. */
export function isForbidden({ given = '' }: Pick<AirgapError, 'given'>): boolean {
  return given.includes('(Forbidden)');
}

function refused(what: string, stderr: string): AirgapError {
  const given = words(stderr);
  return isForbidden({ given })
    ? new AirgapError('cluster', `the cluster does not let us ${what}`, {
        given,
        next: 'give the login the verb list on it, or name the namespaces that it may read',
      })
    : new AirgapError('cluster', `kubectl cannot ${what}`, {
        given,
        next: 'mend context or kubeconfig of this source: kubectl config get-contexts lists them',
      });
}

/** Without warnings and the log lines of its libraries. */
function words(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !/^(?:[EWI]\d{4} |[Ww]arning: )/.test(line));
  return oneLine(lines.join('\n'), 500);
}

function missing(code: string | undefined): AirgapError {
  return new AirgapError('tool', 'kubectl was not found', {
    given: code === 'ENOENT' ? 'no kubectl on PATH' : (code ?? 'kubectl cannot be run'),
    expected: 'kubectl, to ask the cluster in images',
    next: 'install it: https://kubernetes.io/docs/tasks/tools/',
  });
}
