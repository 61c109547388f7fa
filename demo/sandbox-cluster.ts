/**
 * The cluster of docs/tutorial.md: `npm run sandbox:cluster` starts a real Kubernetes API server without nodes and
 * writes `sandbox/kubeconfig`. It runs until Ctrl-C.
 */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster } from '../test/helpers/cluster.ts';
import { sandbox, untilStopped } from './until-stopped.ts';

await untilStopped(async (leftovers) => {
  const cluster = await startCluster();
  leftovers.push(() => cluster.stop());
  const kubeconfig = join(sandbox, 'kubeconfig');
  await copyFile(cluster.kubeconfig, kubeconfig);
  leftovers.push(() => rm(kubeconfig, { force: true }));
  return `a Kubernetes API server without nodes, ${cluster.server}; sandbox/env.sh has named its kubeconfig already`;
});
