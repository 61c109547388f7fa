import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Check } from '../../../src/doctor/check.ts';
import { freePort } from '../../helpers/registry.ts';
import { makeAuthority } from '../../helpers/tls.ts';
import { rewriteRelease } from './doctor-release.ts';
import { type DoctorSite, home, makeCertificate, runPod, trust } from './doctor-site.ts';
import { pull } from './site.ts';

/** Something that is not as it should be, and what doctor says of it. */
export interface Breakage {
  readonly check: string;
  readonly what: string;
  breaks(at: DoctorSite): Promise<unknown>;
  /** What is not in the cluster: that goes back by itself. */
  heals?(at: DoctorSite): Promise<unknown>;
  readonly flags?: readonly string[];
  /** Default: failure. */
  readonly status?: Check['status'];
  /** Checks that then have nothing to look at. */
  readonly also?: readonly string[];
  readonly evidence: RegExp;
  readonly cure: RegExp;
}

const ofRegistry = ['registry', 'placements', 'push-rights'];
const ofSecret = ['secret-keys', 'mirror-registries'];
const withoutSecret = [...ofSecret, ...ofRegistry, 'pull-secret'];
const install = (steps: string) => new RegExp(`^sh install\\.sh BUNDLE --key PUB --only ${steps}`);

const kubectl =
  (...args: string[]) =>
  ({ site }: DoctorSite) =>
    site.cluster.kubectl(...args);

const patch = (name: string, namespace: string, change: object) =>
  kubectl('patch', name, '-n', namespace, '--type=merge', `--patch=${JSON.stringify(change)}`);
const registryInfo = (change: object) => patch('secret/registry-info', 'jet-system', change);
const data = (key: string, value: string | null) => ({
  data: { [key]: value === null ? null : Buffer.from(value).toString('base64') },
});

const ofTheSecret: readonly Breakage[] = [
  {
    check: 'secret',
    what: 'deleted',
    breaks: kubectl('delete', 'secret', 'registry-info', '-n', 'jet-system'),
    also: withoutSecret,
    evidence: /^there is no Secret registry-info in jet-system$/,
    cure: install('secret$'),
  },
  {
    check: 'secret',
    what: 'of another type',
    breaks: async (at) => {
      const which = ['registry-info', '--namespace', 'jet-system'];
      await kubectl('delete', 'secret', ...which)(at);
      await kubectl('create', 'secret', 'generic', ...which, '--type=example.org/x')(at);
    },
    also: withoutSecret,
    evidence: /has the type example\.org\/x, not Opaque$/,
    cure: /^kubectl delete secret registry-info --namespace jet-system; sh install\.sh/,
  },
  {
    check: 'secret',
    what: "somebody else's",
    breaks: async (at) => {
      const which = ['registry-info', '--namespace', 'jet-system'];
      await kubectl('delete', 'secret', ...which)(at);
      await kubectl('create', 'secret', 'generic', ...which, '--from-literal=theirs=x')(at);
    },
    also: withoutSecret,
    evidence: /is somebody else's; its keys: theirs$/,
    cure: /sh install\.sh BUNDLE --key PUB --only secret --yes$/,
  },
  {
    check: 'secret-keys',
    what: 'another value',
    breaks: registryInfo(data('BASE_PATH', 'other')),
    evidence: /^BASE_PATH is "other", the bundle has "m"$/,
    cure: install('secret; then look who else writes it$'),
  },
  {
    check: 'secret-keys',
    what: 'a key that is missing',
    breaks: registryInfo(data('INSECURE', null)),
    evidence: /^INSECURE is missing$/,
    cure: install('secret'),
  },
  {
    check: 'secret-keys',
    what: 'half a login',
    breaks: registryInfo(data('PASSWORD', '')),
    also: [...ofRegistry, 'pull-secret'],
    evidence: /^one of USERNAME and PASSWORD is empty$/,
    cure: install('secret'),
  },
  {
    check: 'secret-keys',
    what: 'a password that is not the one that is given',
    breaks: async (at) => {
      await registryInfo(data('PASSWORD', 'another one'))(at);
      await at.site.job.write('given', pull.password);
    },
    flags: ['--username', pull.username, '--password-file', 'given'],
    evidence: /^PASSWORD is not the one that was given$/,
    cure: install('secret'),
  },
  {
    check: 'secret-keys',
    what: 'another CA',
    breaks: registryInfo(data('CA_CERT', 'x')),
    evidence: /^CA_CERT differs: 1 characters?, the bundle has \d+$/,
    cure: install('secret'),
  },
  {
    check: 'mirror-registries',
    what: 'one byte more',
    breaks: changeMap((map) => `${map},`),
    evidence: /is not the bundle's\nthe same entries in another order or spelling$/,
    cure: install('secret$'),
  },
  {
    check: 'mirror-registries',
    what: 'another order',
    breaks: changeMap((map) => map.replace(/^([^,]*),([^,]*)/, '$2,$1')),
    evidence: /another order/,
    cure: install('secret$'),
  },
  {
    check: 'mirror-registries',
    what: 'an entry that points elsewhere',
    breaks: changeMap((map) => map.replace('/m/quay.io', '/n/quay.io')),
    evidence:
      /\nmissing: quay\.io::\S+\/m\/quay\.io\nnot of the bundle: quay\.io::\S+\/n\/quay\.io$/,
    cure: install('secret$'),
  },
  {
    check: 'mirror-registries',
    what: 'no map',
    breaks: registryInfo(data('MIRROR_REGISTRIES', null)),
    evidence: /^MIRROR_REGISTRIES is missing$/,
    cure: install('secret$'),
  },
];

function changeMap(change: (map: string) => string): Breakage['breaks'] {
  return async (at) => {
    const secret = ['secret', 'registry-info', '-n', 'jet-system'];
    const path = '--output=jsonpath={.data.MIRROR_REGISTRIES}';
    const map = Buffer.from(await at.site.cluster.kubectl('get', ...secret, path), 'base64');
    await registryInfo(data('MIRROR_REGISTRIES', change(map.toString())))(at);
  };
}

const nginx = ['m', 'docker.io', 'nginx', '_manifests', 'tags', '1'];
/** Where the registry keeps a tag. */
const tag = ({ site }: DoctorSite) =>
  join(site.target.folder, 'storage/docker/registry/v2/repositories', ...nginx);
/** Where its repository has its manifests. */
const revisions = (at: DoctorSite) => join(dirname(dirname(tag(at))), 'revisions/sha256');
/** Of a manifest that the tag does not lead to itself. */
const oneBelow = async (at: DoctorSite) => {
  const [tagged = ''] = await readdir(join(tag(at), 'index/sha256'));
  const [below = ''] = (await readdir(revisions(at))).filter((name) => name !== tagged);
  return below;
};
/** Of what lies aside. */
const digestOf = (at: DoctorSite) => readFile(join(aside(at), 'link'), 'utf8');
const aside = ({ site }: DoctorSite) => join(site.target.folder, 'aside');

const ofTheRegistry: readonly Breakage[] = [
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
    cure: /--username USER --password-file FILE --only secret,chart$/,
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
    evidence: /^4 of 5 placements resolve to the signed digest\n.*nginx:1.*sha256:/,
    cure: install('load$'),
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

/** The pods of image-swap pull with another password. */
function pullSecret(password: string): Breakage['breaks'] {
  return (at) => {
    const auth = Buffer.from(`${pull.username}:${password}`).toString('base64');
    const config = JSON.stringify({ auths: { [at.site.target.host]: { auth } } });
    return patch('secret/imageswap-pull', home, data('.dockerconfigjson', config))(at);
  };
}

const ofTheRelease: readonly Breakage[] = [
  {
    check: 'installed',
    what: 'another version',
    breaks: patch('configmap/airgap-bundle', 'default', {
      data: { 'pcg-override': `8 1.5.0 sha256:${'0'.repeat(64)}` },
    }),
    status: 'warning',
    evidence:
      /^the cluster has pcg-override 1\.5\.0, sequence 8; this bundle is 1\.4\.0, sequence 7$/,
    cure: /^run doctor with the bundle that is installed, or install this one$/,
  },
  {
    check: 'installed',
    what: 'no note',
    breaks: kubectl('delete', 'configmap', 'airgap-bundle'),
    status: 'skipped',
    evidence: /^install\.sh has left no note of pcg-override in default$/,
    cure: /^$/,
  },
  ...['failed', 'pending-upgrade'].map((status) => ({
    check: 'release',
    what: status,
    breaks: rewriteRelease(({ info }) => ({ info: { ...info, status, description: 'timed out' } })),
    evidence: new RegExp(`^image-swap in default, revision 1, is ${status}: timed out$`),
    cure: install('chart$'),
  })),
  {
    check: 'release',
    what: 'gone',
    breaks: kubectl('delete', 'secret', 'sh.helm.release.v1.image-swap.v1'),
    also: ['webhook-map', 'webhook-target'],
    evidence: /^there is no release image-swap in default$/,
    cure: install('chart$'),
  },
  {
    check: 'release',
    what: 'by another hand',
    breaks: rewriteRelease(({ info }) => ({ info: { ...info, description: 'Upgrade complete' } })),
    status: 'warning',
    evidence: /install\.sh did not install it from this bundle's chart \(Upgrade complete\)$/,
    cure: install('chart$'),
  },
  {
    check: 'release',
    what: 'whose manifest is no YAML',
    breaks: rewriteRelease(() => ({ manifest: 'a: b: {{' })),
    status: 'warning',
    also: ['webhook-map', 'webhook-target'],
    evidence: /its manifest is no YAML/,
    cure: /^helm get manifest image-swap --namespace default$/,
  },
  {
    check: 'pull-secret',
    what: 'deleted',
    breaks: kubectl('delete', 'secret', 'imageswap-pull', '-n', home),
    evidence: /^there is no Secret imageswap-system\/imageswap-pull/,
    cure: install('chart$'),
  },
  {
    check: 'pull-secret',
    what: 'another login',
    breaks: pullSecret('other'),
    evidence: /imageswap-pull has another login for \S+ than that of puller, or none$/,
    cure: install('chart$'),
  },
];

const webhookIs = (...args: string[]) =>
  kubectl(args[0] ?? '', 'mutatingwebhookconfiguration', 'imageswap-webhook', ...args.slice(1));
const selecting = (selector: object) =>
  JSON.stringify([{ op: 'add', path: '/webhooks/0/namespaceSelector', value: selector }]);
const label = 'k8s.twr.io/imageswap';
const newEndpoints = (endpoints: object[]) =>
  patch('endpointslice/imageswap-1', home, { endpoints });
const registersAgain =
  /^restart its pods, which register it again: kubectl rollout restart deployment --namespace imageswap-system$/;

const ofTheWebhook: readonly Breakage[] = [
  {
    check: 'webhook',
    what: 'not registered',
    breaks: webhookIs('delete'),
    also: ['webhook-service', 'webhook-ca', 'webhook-namespaces'],
    evidence: /^no MutatingWebhookConfiguration leads to imageswap-system\/imageswap: /,
    cure: /kubectl get pods --namespace imageswap-system$/,
  },
  {
    check: 'webhook-service',
    what: 'its Service is gone',
    breaks: kubectl('delete', 'service', 'imageswap', '-n', home),
    evidence: /^the Service imageswap-system\/imageswap that imageswap-webhook leads to is gone/,
    cure: /--only chart; kubectl delete mutatingwebhookconfiguration imageswap-webhook lifts/,
  },
  {
    check: 'webhook-service',
    what: 'nobody is ready behind it',
    breaks: newEndpoints([{ addresses: ['10.97.0.1'], conditions: { ready: false } }]),
    evidence: /^nothing is ready behind the Service imageswap-system\/imageswap/,
    cure: /^kubectl get pods --namespace imageswap-system; /,
  },
  {
    check: 'webhook-service',
    what: 'nobody is behind it',
    breaks: kubectl('delete', 'endpointslice', 'imageswap-1', '-n', home),
    evidence: /^nothing is ready behind/,
    cure: /^kubectl get pods/,
  },
  {
    check: 'webhook-ca',
    what: 'expired',
    breaks: async ({ site }) => {
      const old = await makeAuthority('old', { expired: true });
      await trust(site, old.pem);
      await old.remove();
    },
    evidence:
      /^the CA of imageswap-webhook is valid until 2020-01-02T00:00:00\.000Z: it has expired$/,
    cure: registersAgain,
  },
  {
    check: 'webhook-ca',
    what: 'soon to expire',
    breaks: async ({ site }) => trust(site, await makeCertificate(site, 20)),
    status: 'warning',
    evidence: /: soon$/,
    cure: registersAgain,
  },
  {
    check: 'webhook-ca',
    what: 'none',
    breaks: ({ site }) => trust(site, ''),
    evidence: /^imageswap-webhook has no CA/,
    cure: registersAgain,
  },
  {
    check: 'webhook-ca',
    what: 'rubbish',
    breaks: ({ site }) =>
      trust(site, '-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n'),
    evidence: /^the CA of imageswap-webhook is no certificate$/,
    cure: registersAgain,
  },
  {
    check: 'webhook-namespaces',
    what: 'a mistyped label',
    breaks: kubectl('label', 'namespace', 'apps', `${label}=Enabled`, '--overwrite'),
    evidence: /^the namespace apps has the label k8s\.twr\.io\/imageswap=Enabled, which/,
    cure: /^kubectl label namespace apps k8s\.twr\.io\/imageswap=enabled --overwrite$/,
  },
  {
    check: 'webhook-namespaces',
    what: 'nobody asks for it',
    breaks: kubectl('label', 'namespace', 'apps', `${label}-`),
    status: 'warning',
    evidence: /^no namespace asks for the webhook/,
    cure: /^kubectl label namespace NAME k8s\.twr\.io\/imageswap=enabled$/,
  },
  {
    check: 'webhook-namespaces',
    what: 'its own pods wait for it',
    breaks: async (at) => {
      await kubectl('label', 'namespace', home, `${label}=enabled`)(at);
      const selector = selecting({ matchLabels: { [label]: 'enabled' } });
      await webhookIs('patch', '--type=json', `--patch=${selector}`)(at);
    },
    evidence: /^the webhook is asked about pods of imageswap-system/,
    cure: /^kubectl label namespace imageswap-system k8s\.twr\.io\/imageswap=disabled --overwrite$/,
  },
  ...maps('an entry that is missing', (map) => map.replace(/^quay\.io::.*\n/m, ''), {
    evidence:
      /^the map in the ConfigMap imageswap-maps in imageswap-system is not the bundle's\nmissing: quay\.io::\S+$/,
  }),
  ...maps('an entry that points elsewhere', (map) => map.replace('/m/quay.io', '/n'), {
    evidence: /\nmissing: quay\.io::\S+\/m\/quay\.io\nnot of the bundle: quay\.io::\S+\/n$/,
  }),
  ...maps('an entry too many', (map) => `${map}ghcr.io::h.example.org/x\n`, {
    evidence: /\nnot of the bundle: ghcr\.io::h\.example\.org\/x$/,
  }),
  ...maps('no map', () => null, { evidence: /has no key maps$/, also: ['webhook-target'] }),
  ...maps(
    'the target is swapped',
    (map) => map.replace(/^noswap.*$/m, 'noswap_wildcards::registry.k8s.io'),
    {
      check: 'webhook-target',
      evidence: /^the webhook rewrites what is in \S+ already\n\S+nginx:1 becomes \S+\/m\/others\//,
    },
  ),
];

function maps(
  what: string,
  change: (map: string) => string | null,
  words: Pick<Breakage, 'evidence' | 'also'> & { check?: string },
): Breakage[] {
  const breaks: Breakage['breaks'] = async (at) => {
    const map = await at.site.cluster.get<{ data: { maps: string } }>(
      'configmap',
      'imageswap-maps',
      home,
    );
    const changed = { data: { maps: change(map?.data.maps ?? '') } };
    await patch('configmap/imageswap-maps', home, changed)(at);
  };
  return [{ check: 'webhook-map', what, breaks, cure: install('chart; then kubectl'), ...words }];
}

const ofPods: readonly Breakage[] = [
  {
    check: 'pods',
    what: 'an image that is nowhere',
    breaks: ({ site }) => runPod(site.cluster, 'ghost', 'ghost:5'),
    evidence:
      /\nneither in the bundle nor in the registry:\n {2}ghost:5 \(default\/ghost\), asked for as \S+\/m\/docker\.io\/ghost:5$/,
    cure: /^add these images to bundle\.yaml/,
  },
  {
    check: 'pods',
    what: 'an image of somebody else',
    breaks: async ({ site }) => {
      const { host } = site.target;
      await site.moveTag(`${host}/m/docker.io/nginx:1`, `${host}/m/docker.io/theirs:1`);
      await runPod(site.cluster, 'theirs', 'theirs:1');
    },
    heals: async (at) => {
      const theirs = join(dirname(tag(at)), '../../..', 'theirs');
      await rm(theirs, { recursive: true });
    },
    status: 'warning',
    evidence: /\nin the registry, but not of this bundle:\n {2}theirs:1 \(default\/theirs\), /,
    cure: /^add these images to bundle\.yaml/,
  },
  {
    check: 'unmapped-images',
    what: 'an image that no rule covers',
    breaks: ({ site }) => runPod(site.cluster, 'pause', 'registry.k8s.io/pause:3.10'),
    status: 'warning',
    evidence: /^no rule of the map covers:\n {2}registry\.k8s\.io\/pause:3\.10 \(default\/pause\)$/,
    cure: /mirrorRegistries/,
  },
];

export const breakages: readonly Breakage[] = [
  ...ofTheSecret,
  ...ofTheRegistry,
  ...ofTheRelease,
  ...ofTheWebhook,
  ...ofPods,
];
