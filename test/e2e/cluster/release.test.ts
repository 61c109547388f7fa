import { gunzipSync, gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packChart } from '../../helpers/chart.ts';
import { toolPath } from '../../helpers/tools.ts';
import { decoded, type JumpHost, type Outcome } from '../../install/jump-host.ts';
import { pull, type Secret, type Site, startSite } from './site.ts';

let site: Site;
let host: JumpHost;
beforeAll(async () => {
  site = await startSite('vendor');
  host = await site.host();
});
afterAll(() => site?.stop());
beforeEach(() => site.reset());

const install = (...flags: string[]): Promise<Outcome> =>
  host.install([...site.args, '--skip', 'load', ...flags]);

interface Release {
  readonly revision: string;
  readonly status: string;
}

/** Every revision's status, the oldest first. */
async function history(): Promise<string[]> {
  const revisions: Release[] = JSON.parse(
    await site.cluster.helm('history', 'image-swap', '--output=json'),
  );
  return revisions.map(({ status }) => status);
}

const deployment = {
  'image-swap/Chart.yaml': 'apiVersion: v2\nname: image-swap\nversion: 0.1.0\n',
  'image-swap/templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: never-ready
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec: {containers: [{name: x, image: x}]}
`,
};

/** A helm that is killed while it waits for what never becomes ready: the release is left pending. */
async function killHelmHalfway(helm: 'helm' | 'helm4'): Promise<void> {
  const chart = await packChart(site.job.folder, 'never-ready.tgz', deployment);
  const argv = ['upgrade', '--install', 'image-swap', chart, '--wait'];
  const env = { KUBECONFIG: site.cluster.kubeconfig, HOME: site.job.folder };
  const child = execa(toolPath(helm), argv, { env, reject: false });
  const isPending = async () => (await history().catch(() => [])).at(-1)?.startsWith('pending-');
  await expect.poll(isPending, { timeout: 30_000 }).toBe(true);
  child.kill('SIGKILL');
  await child;
}

/** Makes helm's newest revision so many minutes old: its Secret is JSON, packed and in base64. */
async function backdate(name: string, minutes: number): Promise<void> {
  const secret = await site.cluster.get<Secret>('secret', name);
  const text = Buffer.from(secret?.data.release ?? '', 'base64').toString();
  const release = JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString());
  release.info.last_deployed = new Date(Date.now() - minutes * 60_000).toISOString();
  const packed = gzipSync(JSON.stringify(release)).toString('base64');
  const patch = JSON.stringify({ stringData: { release: packed } });
  await site.cluster.kubectl('patch', 'secret', name, '--patch', patch);
}

describe('a release that a killed helm left', () => {
  test.each(['helm', 'helm4'] as const)(
    'pending-install by %s is explained, and taken over',
    async (helm) => {
      await killHelmHalfway(helm);
      expect(await history()).toEqual(['pending-install']);
      const before = await site.cluster.objects();
      const refused = await install();
      expect(refused).toMatchObject({
        code: 11,
        stderr: expect.stringMatching(
          /another helm may be at work[\s\S]*pending-install since \d+ s[\s\S]*--yes/,
        ),
      });
      expect(await site.cluster.objects()).toEqual(before);
      await backdate('sh.helm.release.v1.image-swap.v1', 6);
      const outcome = await install();
      expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
      expect(await history()).toEqual(['deployed']);
      expect(await site.cluster.get('deployment', 'never-ready')).toBeUndefined();
    },
  );

  test('pending-upgrade is rolled back, and then upgraded', async () => {
    expect(await install()).toMatchObject({ code: 0 });
    await killHelmHalfway('helm');
    expect(await history()).toEqual(['deployed', 'pending-upgrade']);
    const outcome = await install('--yes');
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect((await history()).at(-1)).toBe('deployed');
    expect(await site.cluster.get('deployment', 'never-ready')).toBeUndefined();
    expect(await site.cluster.get('configmap', 'image-swap')).toBeDefined();
  });

  test('pending-install goes with --uninstall', async () => {
    await killHelmHalfway('helm');
    const outcome = await install('--uninstall', '--yes');
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(await site.cluster.helm('list', '--all', '--short')).toBe('');
  });
});

test('a release of somebody else stays when all is undone', async () => {
  const chart = await packChart(site.job.folder, 'foreign.tgz', deployment);
  await site.cluster.helm('install', 'image-swap', chart);
  const outcome = await install('--uninstall');
  expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('it stays') });
  expect(await history()).toEqual(['deployed']);
});

test('other values make another revision, the same ones none', async () => {
  expect(await install()).toMatchObject({ code: 0 });
  await site.job.write('new', 'another canary\n');
  const renewed = ['--password-file', site.job.path('new')];
  expect(await install(...renewed)).toMatchObject({ code: 0 });
  expect(await history()).toEqual(['superseded', 'deployed']);
  expect(await install(...renewed)).toMatchObject({ code: 0 });
  expect(await history()).toHaveLength(2);
});

test.each<[string, string]>([
  ['words', `{{ .x }} \`$(canary)\` "'\\ # canary: 🔑, a=b\nand a second line`],
  ['a boolean', 'yes'],
  ['a number', '0123'],
])('%s as a password reach the values as they are, and nobody else', async (_, password) => {
  const recorded = await site.host({ recording: true });
  await site.job.write('odd', `${password}\n`);
  const odd = ['--skip', 'load', '--password-file', site.job.path('odd')];
  const outcome = await recorded.install([...site.args, ...odd]);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  const values = await site.cluster.helm('get', 'values', 'image-swap', '--output=json');
  expect(JSON.parse(values).config.ociImageRegistry).toMatchObject({
    username: pull.username,
    password,
  });
  const rendered = await site.cluster.get('secret', 'image-swap-registry');
  expect(decoded(rendered).password).toBe(password);
  for (const line of password.split('\n').filter((one) => one.length > 4)) {
    const seen = `${outcome.stdout}${outcome.stderr}${await recorded.record()}`;
    expect(seen).not.toContain(line);
    expect(seen).not.toContain(Buffer.from(line).toString('base64'));
  }
});
