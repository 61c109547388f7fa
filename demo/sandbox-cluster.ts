/**
 * The cluster of docs/tutorial.md: `npm run sandbox:cluster` starts a real Kubernetes API server without nodes and
 * writes `sandbox/kubeconfig`. It runs until Ctrl-C.
 */
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster } from '../test/helpers/cluster.ts';
import { CannotStart, sandbox, untilStopped } from './until-stopped.ts';

await untilStopped(async (leftovers) => {
  const kubeconfig = join(sandbox, 'kubeconfig');
  if (!existsSync(sandbox)) throw new CannotStart('there is no sandbox: npm run sandbox first');
  if (existsSync(kubeconfig))
    throw new CannotStart(
      `${kubeconfig} is there: a cluster runs already; if none does, remove it`,
    );
  const cluster = await startCluster();
  leftovers.push(() => cluster.stop());
  await copyFile(cluster.kubeconfig, kubeconfig);
  leftovers.push(() => rm(kubeconfig, { force: true }));
  return `a Kubernetes API server without nodes, ${cluster.server}; sandbox/env.sh has named its kubeconfig already`;
});
