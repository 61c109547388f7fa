import { rewriteRelease } from '../doctor-release.ts';
import { home } from '../doctor-site.ts';
import { pull } from '../site.ts';
import { type Breakage, data, install, kubectl, patch, pullSecret, withLogin } from './breakage.ts';

/** What install.sh and helm leave. */
export const ofTheRelease: readonly Breakage[] = [
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
    evidence:
      /^jet-system\/registry-info and imageswap-system\/imageswap-pull have different logins; /,
    cure: install(`secret,chart${withLogin}$`),
  },
  {
    check: 'pull-secret',
    what: 'another login than is given',
    breaks: async (at) => {
      await pullSecret('other')(at);
      await at.site.job.write('given', pull.password);
    },
    flags: ['--username', pull.username, '--password-file', 'given'],
    evidence: /imageswap-pull has another login for \S+ than was given$/,
    cure: install(`secret,chart${withLogin}$`),
  },
  {
    check: 'pull-secret',
    what: 'a login for another registry',
    breaks: patch('secret/imageswap-pull', home, data('.dockerconfigjson', '{"auths":{}}')),
    evidence: /imageswap-pull has no login for \S+$/,
    cure: install('chart$'),
  },
];
