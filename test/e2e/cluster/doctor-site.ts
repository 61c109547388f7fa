import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { Check } from '../../../src/doctor/check.ts';
import { type Ended, section } from '../../helpers/job.ts';
import { playInitContainer } from './init-container.ts';
import { type Site, startSite } from './site.ts';

export const home = 'imageswap-system';
const label = 'k8s.twr.io/imageswap';

/** A cluster in which install.sh has installed a bundle, and all that kubelets and image-swap's pods would add. */
export interface DoctorSite {
  readonly site: Site;
  /** Bundle, key and cluster. */
  readonly args: readonly string[];
  /** What the program needs besides. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks for JSON. */
  doctor(...flags: string[]): Promise<Ended<readonly Check[]>>;
  /** Runs install.sh on it again, as a cure says: with the login that it asks for, or none. */
  follow(cure: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startDoctorSite(): Promise<DoctorSite> {
  const site = await startSite('own', 'tokens');
  const ociImageRegistry = { ...section(site.target.host), caCert: './ca.pem' };
  const mirrorRegistries = mapOf(site.target.host);
  const args = await site.bundle({ ociImageRegistry: { ...ociImageRegistry, mirrorRegistries } });
  const host = await site.host({ node: true });
  // The bundle says whom to trust at the registry; its token service is another server.
  const env = { NODE_EXTRA_CA_CERTS: site.authority.path };
  const install = async (...argv: string[]) => {
    const installed = await host.install([...argv, '--yes'], env);
    expect(installed, installed.stderr).toMatchObject({ code: 0 });
  };
  await site.reset();
  const pods = site.cluster.runPods();
  await install(...args, '--wait');
  await openApps(site);
  await pods.stop();
  await answerForWebhook(site, await makeCertificate(site, 365));
  await site.cluster.keep();
  const [bundle = '', key = '', pub = ''] = args;
  const login = args.indexOf('--username');
  const asked = [bundle, key, pub, '--kubeconfig', site.cluster.kubeconfig];
  return {
    site,
    args: asked,
    env,
    doctor: (...flags) =>
      site.job.runWith({ env }, 'doctor', ...asked, '--output', 'json', ...flags),
    follow: (cure) => {
      const [, steps = ''] = / --only ([a-z,]+)/.exec(cure) ?? [];
      const isLogin = cure.includes('--username USER --password-file FILE');
      const others = args.filter((_, n) => isLogin || n < login || n >= login + 4);
      return install(...others, '--only', steps);
    },
    stop: site.stop,
  };
}

/** With a default and what is excluded from it, so that both can be missed. */
const mapOf = (host: string) =>
  [
    `docker.io::${host}/m/docker.io`,
    `quay.io::${host}/m/quay.io`,
    `default::${host}/m/others`,
    `noswap_wildcards::${host},registry.k8s.io`,
  ].join(',');

/** A namespace that wants the webhook, with a pod as it was made and one as it was rewritten. */
async function openApps({ cluster, target }: Site): Promise<void> {
  await cluster.kubectl('create', 'namespace', 'apps');
  await cluster.kubectl('label', 'namespace', 'apps', `${label}=enabled`);
  await cluster.kubectl('wait', '--for=create', '--namespace=apps', 'serviceaccount/default');
  await runPod(cluster, 'as-made', 'nginx:1', 'apps');
  await runPod(cluster, 'rewritten', `${target.host}/m/quay.io/calico/node:v3.30.3`, 'apps');
  const running = ['wait', '--for=jsonpath={.status.phase}=Running', 'pods', '--all'];
  await cluster.kubectl(...running, '--namespace=apps', '--timeout=30s');
}

/** In `default` the webhook is not asked. */
export function runPod({ kubectl }: Site['cluster'], name: string, image: string, at = 'default') {
  return kubectl('run', name, `--image=${image}`, '--namespace', at);
}

async function answerForWebhook(site: Site, ca: string): Promise<void> {
  await playInitContainer(site);
  await trust(site, ca);
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'imageswap-1', labels: { 'kubernetes.io/service-name': 'imageswap' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.97.0.1'], conditions: { ready: true } }],
    ports: [{ name: 'https', port: 5000 }],
  };
  const create = ['create', '--namespace', home, '--filename=-'];
  await site.cluster.kubectlWith(JSON.stringify(slice), ...create);
}

/** Puts a CA, PEM or not, into the webhook that is registered. */
export function trust({ cluster }: Site, pem: string): Promise<string> {
  const path = '/webhooks/0/clientConfig/caBundle';
  const value = Buffer.from(pem).toString('base64');
  const patch = JSON.stringify([{ op: 'add', path, value }]);
  const which = ['mutatingwebhookconfiguration', 'imageswap-webhook'];
  return cluster.kubectl('patch', ...which, '--type=json', `--patch=${patch}`);
}

/** PEM of a CA that is valid from now on. */
export async function makeCertificate({ job }: Site, days: number): Promise<string> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', join(job.folder, 'webhook.key')];
  const about = ['-subj', '/CN=cluster', '-days', String(days)];
  const { stdout } = await execa('openssl', ['req', '-x509', ...key, ...files, ...about]);
  return stdout;
}
