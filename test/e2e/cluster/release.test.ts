import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { packChart } from '../../helpers/chart.ts';
import { toolPath } from '../../helpers/tools.ts';
import { decoded, type JumpHost, type Outcome } from '../../install/jump-host.ts';
import { pull, type Site, startSite } from './site.ts';

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

test.each(['helm', 'helm4'] as const)(
  'an upgrade by %s that was killed is rolled back, then done',
  async (helm) => {
    expect(await install()).toMatchObject({ code: 0 });
    await killHelmHalfway(helm);
    expect(await history()).toEqual(['deployed', 'pending-upgrade']);
    const outcome = await install('--yes');
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect((await history()).at(-1)).toBe('deployed');
    expect(await site.cluster.get('deployment', 'never-ready')).toBeUndefined();
    expect(await site.cluster.get('configmap', 'image-swap')).toBeDefined();
  },
);

test('half an install goes with --uninstall', async () => {
  await killHelmHalfway('helm');
  const outcome = await install('--uninstall', '--yes');
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  expect(await site.cluster.helm('list', '--all', '--short')).toBe('');
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
