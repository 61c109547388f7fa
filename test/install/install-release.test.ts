import { describe, expect, test } from 'vitest';
import { packChart } from '../helpers/chart.ts';
import { toolPath } from '../helpers/tools.ts';
import { cluster, fileOf, history, type Install, installer, mark } from './cluster-site.ts';
import { decoded } from './jump-host.ts';
import { on } from './site.ts';

const credential = async (text = 'canary') => [
  '--username',
  'puller',
  '--password-file',
  await fileOf(text),
];

describe('the release', () => {
  test.each(['helm', 'helm4'] as const)(
    'by %s, is left alone while chart and values are equal, and follows what changes',
    async (real) => {
      const install = await installer({ real }, { spelling: 'nested' });
      expect(await install(...(await credential()))).toMatchObject({ code: 0, stderr: '' });
      const first = await history();
      expect(first).toMatchObject([
        {
          status: 'deployed',
          description: expect.stringMatching(/^pcg-override 1\.4\.0 chart sha256:/),
        },
      ]);
      const before = await cluster.objects();
      expect(await install()).toMatchObject({ code: 0, stderr: '' });
      expect(await cluster.objects()).toEqual(before);

      expect(await install(...(await credential('other')))).toMatchObject({ code: 0, stderr: '' });
      expect(decoded(await cluster.get('secret', 'image-swap-registry')).password).toBe('other');
      await cluster.helm('rollback', 'image-swap', '1');
      expect(await install()).toMatchObject({ code: 0, stderr: '' });
      expect((await history()).map(({ status }) => status).at(-1)).toBe('deployed');
      expect(decoded(await cluster.get('secret', 'image-swap-registry')).password).toBe('other');
    },
  );

  test.each<[string, string, RegExp, string[]]>([
    ['a first install', 'pending-install', /helm uninstall image-swap/, ['deployed']],
    [
      'an upgrade',
      'pending-upgrade',
      /helm rollback image-swap 1/,
      ['superseded', 'pending-upgrade', 'superseded', 'deployed'],
    ],
    [
      'a rollback',
      'pending-rollback',
      /helm rollback image-swap 1/,
      ['superseded', 'pending-rollback', 'superseded', 'deployed'],
    ],
    ['an uninstall', 'uninstalling', /helm uninstall image-swap/, ['deployed']],
  ])('that was killed in %s is taken over when that is said', async (_, status, how, after) => {
    const install = await installer();
    expect(await install()).toMatchObject({ code: 0 });
    if (after.length > 1) {
      expect(await install(...(await credential()))).toMatchObject({ code: 0 });
      await mark(1, 'deployed');
    }
    await mark(after.length > 1 ? 2 : 1, status);
    const before = await cluster.objects();
    const refused = await install();
    expect(refused).toMatchObject({ code: 11, stderr: expect.stringMatching(how) });
    expect(refused.stderr).toMatch(/another helm may be at work[\s\S]*--yes/);
    expect(await cluster.objects()).toEqual(before);
    expect(await install('--yes')).toMatchObject({ code: 0, stderr: '' });
    expect((await history()).map((one) => one.status)).toEqual(after);
  });
});

test('a pending release that is older than five minutes is taken over unasked', async () => {
  const install = await installer();
  await install();
  await mark(1, 'pending-install', 200);
  expect(await install()).toMatchObject({ code: 11 });
  await mark(1, 'pending-install', 301);
  expect(await install()).toMatchObject({ code: 0, stderr: '' });
});

test('a first install that failed can be repeated', async () => {
  const install = await installer();
  await install();
  await mark(1, 'failed');
  expect(await install()).toMatchObject({ code: 0, stderr: '' });
  expect(await history()).toMatchObject([{ status: 'superseded' }, { status: 'deployed' }]);
});

test.each(['helm', 'helm4'] as const)(
  'that lost an object is made whole by %s, in a new revision',
  async (real) => {
    const install = await installer({ real });
    expect(await install(...(await credential()))).toMatchObject({ code: 0, stderr: '' });
    await cluster.kubectl('delete', 'configmap', 'image-swap');
    const repaired = await install();
    expect(repaired).toMatchObject({ code: 0, stderr: '' });
    expect(repaired.stdout).toMatch(/lacks some of it:\n +ConfigMap\/image-swap in default\n/);
    expect(await cluster.get('configmap', 'image-swap')).toBeDefined();
    expect((await history()).map(({ status }) => status)).toEqual(['superseded', 'deployed']);
    const whole = await cluster.objects();
    expect(await install()).toMatchObject({ code: 0, stderr: '' });
    expect(await cluster.objects()).toEqual(whole);
  },
);

describe('a chart', () => {
  const section = 'endpoint: "", username: "", password: "", mirrorRegistries: ""';
  async function installerOf(template: string, options = {}, about = ''): Promise<Install> {
    const { folder } = await on();
    const chart = await packChart(folder, 'image-swap-1.5.3.tgz', {
      'image-swap/Chart.yaml': `apiVersion: v2\nname: image-swap\nversion: 1.5.3\n${about}`,
      'image-swap/values.yaml': `config:\n  ociImageRegistry: {${section}}\n`,
      'image-swap/templates/all.yaml': template,
    });
    return installer(options, { chart });
  }

  test.each<[string, string, RegExp]>([
    [
      'with a kind that the cluster does not know',
      'apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: thing}\n',
      /cannot be installed into this cluster\n[\s\S]*no matches for kind "Thing"/,
    ],
    [
      'with an object of somebody else',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt}\n',
      /cannot be installed into this cluster\n[\s\S]*kube-root-ca\.crt/,
    ],
  ])('%s is found before anything is changed', async (_, template, message) => {
    const install = await installerOf(template);
    const before = await cluster.objects();
    expect(await install()).toMatchObject({
      code: 11,
      stderr: expect.stringMatching(message),
    });
    expect(await cluster.objects()).toEqual(before);
  });

  test.each(['helm', 'helm4'] as const)(
    'that looks into the cluster, and is for new ones alone, is installed by %s',
    async (real) => {
      const template = `{{ if not (lookup "v1" "Namespace" "" "jet-system") }}{{ fail "no cluster" }}{{ end }}
apiVersion: v1
kind: ConfigMap
metadata: {name: looked}
`;
      const install = await installerOf(template, { real }, 'kubeVersion: ">=1.25"\n');
      expect(await install()).toMatchObject({ code: 0, stderr: '' });
      expect(await cluster.get('configmap', 'looked')).toBeDefined();
    },
  );

  test.each(['quote', 'toJson', 'b64enc', 'toJson | quote', 'squote', 'toYaml', 'replace "" "-"'])(
    'that fails with the password as %s does not show it',
    async (how) => {
      const password = `S3cr"et\\p<w'x`;
      const template = `{{ fail (printf "refusing %s" (.Values.config.ociImageRegistry.password | ${how})) }}`;
      const install = await installerOf(template);
      const outcome = await install(...(await credential(password)));
      expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining('***') });
      const said = `${outcome.stdout}${outcome.stderr}`;
      expect(said).not.toMatch(/S-?3-?c-?r/);
      expect(said).not.toContain(Buffer.from(password).toString('base64'));
    },
  );

  const service = `apiVersion: v1
kind: Service
metadata:
  labels:
    name: other
  name: "swap" # quoted, with a comment
  namespace: jet-system
spec: {ports: [{port: 443}], selector: {app: swap}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: unread}
spec:
  selector: {matchLabels: {app: swap}}
  template: {metadata: {labels: {app: swap}}, spec: {containers: [{name: a, image: a}]}}
`;
  const webhook = (name: string, service: string) =>
    JSON.stringify({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: 'a.example.org',
          clientConfig: { service: { name: service, namespace: 'jet-system' } },
          rules: [],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });

  test('whose webhook nobody answers is warned of, and --uninstall takes that webhook first', async () => {
    const install = await installerOf(service);
    expect(await install()).toMatchObject({ code: 0, stderr: '' });
    await cluster.kubectlWith(webhook('ours', 'swap'), 'create', '--filename', '-');
    await cluster.kubectlWith(webhook('theirs', 'other'), 'create', '--filename', '-');
    await cluster.kubectl('create', 'secret', 'generic', 'imageswap-tls', '-n', 'jet-system');
    const checked = await install();
    expect(checked.stdout).toContain('the webhook ours is registered, but nothing is ready');
    expect(checked.stdout).not.toContain('theirs');
    const undone = await install('--uninstall');
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(undone.stdout).toMatch(/"ours" deleted[\s\S]*release "image-swap" uninstalled/);
    const left = await cluster.kubectl('get', 'mutatingwebhookconfigurations', '--output=name');
    expect(left).toBe('mutatingwebhookconfiguration.admissionregistration.k8s.io/theirs');
    expect(await cluster.get('secret', 'imageswap-tls', 'jet-system')).toBeUndefined();
  });

  test('that somebody else installed stays on --uninstall', async () => {
    const install = await installerOf(service);
    const { folder } = await on();
    const files = { 'image-swap/Chart.yaml': 'apiVersion: v2\nname: image-swap\nversion: 1.0.0\n' };
    await cluster.helm('install', 'image-swap', await packChart(folder, 'other.tgz', files));
    const outcome = await install('--uninstall');
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('was not installed by this script: it stays');
    expect(await history()).toHaveLength(1);
  });

  test('whose pods do not start is told of by --wait, also where it is equal', async () => {
    const kubectl = `#!/bin/sh\nfor word; do shift; [ "$word" = --timeout=5m ] && word=--timeout=1s; set -- "$@" "$word"; done\nexec ${toolPath('kubectl')} "$@"\n`;
    const install = await installerOf(service, { programs: { kubectl } });
    expect(await install()).toMatchObject({ code: 0 });
    await cluster.kubectlWith(webhook('ours', 'swap'), 'create', '--filename', '-');
    const text = service.replace('metadata: {name: unread}', 'metadata:\n  name: read');
    const other = await installerOf(text, { programs: { kubectl } });
    expect(await other('--allow-downgrade')).toMatchObject({ code: 0 });
    const outcome = await other('--wait', '--allow-downgrade');
    expect(outcome).toMatchObject({
      code: 11,
      stdout: expect.stringContaining('nothing is ready behind its Service jet-system/swap'),
      stderr: expect.stringContaining('the Deployment read in default is not ready'),
    });
  });
});
