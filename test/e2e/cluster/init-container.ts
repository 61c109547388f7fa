import { join } from 'node:path';
import { execa } from 'execa';
import type { Cluster } from '../../helpers/cluster.ts';
import type { Site } from './site.ts';

const home = 'imageswap-system';

/** What image-swap's init container puts into the cluster when its pod starts, beside what helm knows of. */
export async function playInitContainer({ cluster, job }: Site): Promise<void> {
  const map = await cluster.get<Config>('configmap', 'imageswap-mwc-template', home);
  await cluster.kubectlWith(map?.data['imageswap-mwc'] ?? '', 'create', '--filename=-');
  const secret = ['secret', 'generic', 'imageswap-tls', '--namespace', home];
  await cluster.kubectl('create', ...secret, '--from-literal=key=value');
  const argv = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=imageswap'];
  const { stdout } = await execa('openssl', [...argv, '-keyout', join(job.folder, 'csr.key')]);
  const request = Buffer.from(`${stdout}\n`).toString('base64');
  const signing = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: `imageswap.${home}.cert-request` },
    spec: { request, signerName: 'example.org/any', usages: ['digital signature'] },
  };
  await cluster.kubectlWith(JSON.stringify(signing), 'create', '--filename=-');
}

interface Config {
  readonly data: Readonly<Record<string, string>>;
}

export async function hasWebhook(cluster: Cluster): Promise<boolean> {
  const kind = 'mutatingwebhookconfiguration';
  return (await cluster.get(kind, 'imageswap-webhook')) !== undefined;
}
