import { pull } from '../site.ts';
import {
  type Breakage,
  data,
  install,
  kubectl,
  ofRegistry,
  registryInfo,
  withLogin,
  withoutSecret,
} from './breakage.ts';

/** The Secret registry-info. */
export const ofTheSecret: readonly Breakage[] = [
  {
    check: 'secret',
    what: 'deleted',
    breaks: kubectl('delete', 'secret', 'registry-info', '-n', 'jet-system'),
    also: withoutSecret,
    evidence: /^there is no Secret registry-info in jet-system$/,
    cure: install(`secret${withLogin}, without the last two where the registry wants no login`),
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
    cure: /^kubectl delete secret registry-info --namespace jet-system; sh install\.sh .* --username/,
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
    cure: /sh install\.sh BUNDLE --key PUB --only secret --yes --username USER --password-file FILE,/,
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
    cure: install(`secret${withLogin}; then`),
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
    cure: install(`secret${withLogin}; then`),
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
