import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import type { HostOptions, Outcome } from './jump-host.ts';
import type { BundleOptions } from './make-bundle.ts';
import { bundleFor, on } from './site.ts';

// A cluster beside all other tests on two cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

export let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  await cluster.reset();
  await cluster.kubectl('create', 'namespace', 'jet-system');
  const own = ['serviceaccount/default', 'configmap/kube-root-ca.crt'];
  await cluster.kubectl('wait', '--for=create', '--namespace=jet-system', ...own);
});

export type Install = (...flags: string[]) => Promise<Outcome>;

/** install.sh without `load`, on a host with real kubectl and helm, as the admin of the cluster if no flag says else. */
export async function installer(
  options: HostOptions = {},
  bundle: Partial<BundleOptions> = {},
): Promise<Install> {
  const host = await on({ real: 'helm', ...options });
  const { args } = await bundleFor('registry.example.org', bundle);
  return (...flags) => {
    const steps = flags.some((flag) => /^--(only|uninstall)$/.test(flag)) ? [] : ['--skip', 'load'];
    const admin = flags.includes('--kubeconfig') ? [] : ['--kubeconfig', cluster.kubeconfig];
    return host.install([...args, ...steps, ...admin, ...flags]);
  };
}

/** Path of a file of this text. */
export async function fileOf(text: string): Promise<string> {
  const path = join((await on()).folder, 'file');
  await writeFile(path, text);
  return path;
}

export interface Release {
  readonly revision: number;
  readonly status: string;
  readonly chart: string;
  readonly description: string;
}

/** The revisions of the release, the oldest first; none when there is no release. */
export async function history(): Promise<Release[]> {
  const text = await cluster
    .helm('history', 'image-swap', '--max=256', '--output=json')
    .catch(() => '[]');
  return JSON.parse(text);
}

/** Another status for a revision, as a helm that was killed leaves it. */
export async function mark(revision: number, status: string, age = 0): Promise<void> {
  const name = `sh.helm.release.v1.image-swap.v${revision}`;
  const secret = await cluster.get<{ data: { release: string } }>('secret', name);
  const release = JSON.parse(unpacked(secret?.data.release ?? ''));
  const time = new Date(Date.now() - age * 1000).toISOString().replace('Z', '+00:00');
  release.info = { ...release.info, status, last_deployed: time, description: 'underway' };
  const change = { metadata: { labels: { status } }, data: { release: packed(release) } };
  await cluster.kubectl('patch', 'secret', name, '--type=merge', '--patch', JSON.stringify(change));
}

const unpacked = (text: string) =>
  gunzipSync(Buffer.from(Buffer.from(text, 'base64').toString(), 'base64')).toString();
const packed = (release: object) =>
  Buffer.from(gzipSync(JSON.stringify(release)).toString('base64')).toString('base64');
