import { cp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePort } from '../../../helpers/registry.ts';
import { makeAuthority } from '../../../helpers/tls.ts';
import type { DoctorSite } from '../doctor-site.ts';
import {
  type Breakage,
  data,
  install,
  pullSecret,
  registryInfo,
  withoutSecret,
} from './breakage.ts';
import { aside, digestOf, oneBelow, revisions, tag } from './tag.ts';

/** The API server and the registry. */
export const ofTheRegistry: readonly Breakage[] = [
  {
    check: 'cluster',
    what: 'nobody is there',
    breaks: async ({ site }) => {
      const server = `https://127.0.0.1:${await freePort()}`;
      await kubeconfig(site, (cluster) => ({ ...cluster, server }));
    },
    flags: ['--kubeconfig', 'other.kubeconfig'],
    also: everythingOfTheCluster(),
    evidence: /^https:\/\/127\.0\.0\.1:\d+ does not answer to this login: .*refused/,
    cure: /--kubeconfig or --context/,
  },
  {
    check: 'cluster',
    what: 'a token that it does not know',
    breaks: ({ site }) => kubeconfig(site, undefined, { token: 'wrong' }),
    flags: ['--kubeconfig', 'other.kubeconfig'],
    also: everythingOfTheCluster(),
    evidence: /does not answer to this login: .*(logged in|Unauthorized)/,
    cure: /--kubeconfig or --context/,
  },
  {
    check: 'registry',
    what: 'a password that it does not take',
    breaks: async (at) => {
      await registryInfo(data('PASSWORD', 'wrong'))(at);
      await pullSecret('wrong')(at);
    },
    also: ['placements', 'push-rights'],
    evidence: /^as puller \(by the Secret registry-info\): .*401/s,
    cure: /--only secret,chart --username USER --password-file FILE$/,
  },
  {
    check: 'registry',
    what: 'stopped',
    breaks: ({ site }) => site.target.stop({ keep: true }),
    heals: ({ site }) => site.restartRegistry(),
    also: ['placements', 'push-rights'],
    evidence: /^as puller .*refuses the connection/,
    cure: /^check that the registry runs/,
  },
  {
    check: 'registry',
    what: 'a certificate of another authority',
    breaks: async ({ site }) => {
      const other = await makeAuthority();
      await site.restartRegistry({ tls: await other.issue(['IP:127.0.0.1']) });
      await other.remove();
    },
    heals: ({ site }) => site.restartRegistry(),
    also: ['placements', 'push-rights'],
    evidence: /^as puller .*certificate/s,
    cure: /\S/,
  },
  {
    check: 'placements',
    what: 'a manifest below an index that is gone',
    breaks: async (at) => rename(join(revisions(at), await oneBelow(at)), aside(at)),
    heals: async (at) => {
      const back = (await digestOf(at)).replace(':', '/');
      await rename(aside(at), join(dirname(revisions(at)), back));
    },
    evidence:
      /^5 of 5 placements resolve .* lost what is below them:\n\S+nginx:1: linux\/(?:amd|arm)64 below it is gone/,
    cure: /^node bundle\.js load BUNDLE --key PUB --deep/,
  },
  {
    check: 'placements',
    what: 'a tag that is gone',
    breaks: (at) => rename(tag(at), aside(at)),
    heals: (at) => rename(aside(at), tag(at)),
    evidence: /^4 of 5 placements resolve to the signed digest\n.*\/m\/docker\.io\/nginx:1/,
    cure: install('load$'),
  },
  {
    check: 'placements',
    what: 'a tag that leads elsewhere',
    breaks: async (at) => {
      await cp(tag(at), aside(at), { recursive: true });
      const { host } = at.site.target;
      const from = `${host}/m/quay.io/calico/node:v3.30.3`;
      await at.site.moveTag(from, `${host}/m/docker.io/nginx:1`);
    },
    heals: async (at) => {
      await rm(tag(at), { recursive: true });
      await rename(aside(at), tag(at));
    },
    evidence:
      /^4 of 5 placements resolve to the signed digest\n\S+nginx:1 leads to another digest: sha256:\S+$/,
    cure: install('load \\(with --allow-downgrade if a newer bundle was loaded'),
  },
  {
    check: 'push-rights',
    what: 'more than to pull',
    breaks: async ({ site }) => site.tokens?.letPush(true),
    heals: async ({ site }) => site.tokens?.letPush(false),
    status: 'warning',
    evidence: /^puller \(by the Secret registry-info\) may push to m\/docker\.io\/nginx/,
    cure: /can only read/,
  },
];

function everythingOfTheCluster(): string[] {
  const webhook = ['-service', '-ca', '-namespaces', '-map', '-target'].map((it) => `webhook${it}`);
  const others = ['secret', 'installed', 'release', 'webhook', 'pods', 'unmapped-images'];
  return [...withoutSecret, ...others, ...webhook];
}

/** A kubeconfig that differs. */
async function kubeconfig(
  { cluster, job }: DoctorSite['site'],
  change: (cluster: object) => object = (same) => same,
  user?: object,
): Promise<void> {
  const config = JSON.parse(
    await cluster.kubectl('config', 'view', '--raw', '--output=json'),
  ) as Kubeconfig;
  const [first, login] = [config.clusters[0], config.users[0]];
  if (first) first.cluster = change(first.cluster);
  if (login && user) login.user = user;
  await job.write('other.kubeconfig', JSON.stringify(config));
}

interface Kubeconfig {
  readonly clusters: { cluster: object }[];
  readonly users: { user: object }[];
}
