import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../helpers/cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

test('reset leaves nothing of what a test did', async () => {
  const before = await cluster.objects();
  await cluster.kubectl('create', 'namespace', 'jet-system');
  await cluster.kubectl('create', 'deployment', 'web', '--image=nginx:1', '--namespace=jet-system');
  await cluster.kubectl('label', 'namespace', 'default', 'changed=yes');
  expect((await cluster.objects()).size).toBeGreaterThan(before.size + 2);
  await cluster.reset();
  expect([...(await cluster.objects()).keys()].sort()).toEqual([...before.keys()].sort());
  expect(await cluster.kubectl('get', 'namespace', 'default', '--output=json')).not.toContain(
    'changed',
  );
});

test('a deployment becomes ready where pods run', async () => {
  await cluster.kubectl('create', 'deployment', 'web', '--image=nginx:1');
  const wait = ['rollout', 'status', 'deployment/web', '--timeout'];
  await expect(cluster.kubectl(...wait, '1s')).rejects.toThrow('timed out');
  const pods = cluster.runPods();
  expect(await cluster.kubectl(...wait, '20s')).toContain('successfully rolled out');
  await pods.stop();
});

test('a user may do what was granted and no more', async () => {
  const grants = [{ namespace: 'default', resources: ['secrets'], verbs: ['get'] }];
  const path = await cluster.kubeconfigFor('reader', grants);
  const can = (...what: string[]) =>
    cluster.kubectl('--kubeconfig', path, 'auth', 'can-i', ...what).catch(({ stdout }) => stdout);
  expect(await can('get', 'secrets')).toBe('yes');
  expect(await can('get', 'secrets', '--namespace=kube-system')).toBe('no');
  expect(await can('create', 'secrets')).toBe('no');
});
