import { makeAuthority } from '../../../helpers/tls.ts';
import { home, makeCertificate, trust } from '../doctor-site.ts';
import { type Breakage, install, kubectl, patch } from './breakage.ts';

const webhookIs = (...args: string[]) =>
  kubectl(args[0] ?? '', 'mutatingwebhookconfiguration', 'imageswap-webhook', ...args.slice(1));
const selecting = (selector: object) =>
  JSON.stringify([{ op: 'add', path: '/webhooks/0/namespaceSelector', value: selector }]);
const label = 'k8s.twr.io/imageswap';
const newEndpoints = (endpoints: object[]) =>
  patch('endpointslice/imageswap-1', home, { endpoints });
const registersAgain =
  /^restart its pods, which register it again: kubectl rollout restart deployment --namespace imageswap-system$/;

/** The webhook, and its map. */
export const ofTheWebhook: readonly Breakage[] = [
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
