import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { installScriptPath } from '../../src/install/assets.ts';
import { decoded, expectUntouched, secretData } from './jump-host.ts';
import { bundleFor, on, registry } from './site.ts';

describe('credentials', () => {
  const push = { username: 'pusher', password: 'push "$\\ canary' };
  const pull = 'pull canary {{ `x` }}';

  test.each(['files', 'variables'])('by %s reach their goal and no other place', async (way) => {
    const target = await registry({ htpasswd: push });
    const bundle = await bundleFor(target.host, { spelling: 'nested' });
    const site = await on({ recording: true });
    await writeFile(join(site.folder, 'push'), `${push.password}\r\n`);
    await writeFile(join(site.folder, 'pull'), pull);
    const files = ['--password-file', 'pull', '--push-password-file', 'push'];
    const variables = {
      AIRGAP_BUNDLE_PASSWORD: pull,
      AIRGAP_BUNDLE_PUSH_PASSWORD: push.password,
    };
    const outcome = await site.install(
      [
        ...bundle.args,
        '--username',
        'puller',
        '--push-username',
        'pusher',
        ...(way === 'files' ? files : []),
      ],
      way === 'files' ? {} : variables,
    );
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(await secretData(site)).toMatchObject({ USERNAME: 'puller', PASSWORD: pull });
    expect(decoded((await site.rendered())[0])).toMatchObject({
      username: 'puller',
      password: pull,
    });
    const record = await site.record();
    expect(record).toContain('--set-file\nconfig.ociImageRegistry.password=');
    for (const secret of [pull, push.password, `pusher:${push.password}`]) {
      for (const text of [record, outcome.stdout, outcome.stderr]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('base64'));
      }
    }
    expect(await site.leftovers()).toEqual([]);
  });

  describe('for pulling, when none is given', () => {
    const skipLoad = ['--skip', 'load'];
    const kept = 'keeping the pull credential that the cluster has';

    test.each<[string, string, string]>([
      ['a user and a password', 'puller', pull],
      ['a password alone', '', 'token\n\n'],
    ])('%s that the cluster has are kept', async (_, username, password) => {
      const bundle = await bundleFor('registry.example.org');
      const site = await on({ recording: true });
      const base64 = (text: string) => Buffer.from(text).toString('base64');
      const secret = `kind: Secret\ndata:\n  USERNAME: "${base64(username)}"\n  PASSWORD: "${base64(password)}"\n`;
      await writeFile(join(site.folder, 'cluster/Secret'), secret);
      const outcome = await site.install([...bundle.args, ...skipLoad]);
      expect(outcome).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(kept) });
      expect(await secretData(site)).toMatchObject({ USERNAME: username, PASSWORD: password });
      expect(decoded((await site.rendered())[0])).toMatchObject({ username, password });
      const record = `${await site.record()}${outcome.stdout}`;
      for (const text of [password, base64(password)]) expect(record).not.toContain(text);
    });

    test('and the cluster has none either: pods pull anonymously', async () => {
      const bundle = await bundleFor('registry.example.org');
      const site = await on();
      for (const _ of ['no Secret yet', 'a Secret with empty strings']) {
        const outcome = await site.install([...bundle.args, ...skipLoad]);
        expect(outcome).toMatchObject({ code: 0, stderr: '' });
        expect(outcome.stdout).toContain('no pull credential given: pods will pull anonymously');
        expect(await secretData(site)).toMatchObject({ USERNAME: '', PASSWORD: '' });
      }
    });

    test('and what the cluster has cannot be read: nothing is written over it', async () => {
      const bundle = await bundleFor('registry.example.org');
      const kubectl = `#!/bin/sh\ncase "$*" in *USERNAME*) echo forbidden >&2; exit 1 ;; esac\nexec '${join(import.meta.dirname, '../helpers/fake-kubectl')}' "$@"\n`;
      const site = await on({ programs: { kubectl } });
      const outcome = await site.install([...bundle.args, ...skipLoad]);
      expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining('--username') });
      expect(await site.applied('Secret')).toBeNull();
    });
  });

  test('that are wrong', async () => {
    const target = await registry({ htpasswd: push });
    const bundle = await bundleFor(target.host);
    const site = await on();
    const args = [...bundle.args, '--push-username', 'pusher'];
    const outcome = await site.install(args, { AIRGAP_BUNDLE_PUSH_PASSWORD: 'wrong canary' });
    expect(outcome.code).toBe(7);
    expect(outcome.stderr).not.toContain('wrong canary');
    await expectUntouched(await on());
  });
});

describe('the cluster', () => {
  // Only the cluster's steps: no registry is needed.
  const skipLoad = ['--skip', 'load'];
  let bundle: Awaited<ReturnType<typeof bundleFor>>;
  beforeEach(async () => {
    bundle = await bundleFor('registry.example.org');
  });

  test('gets the Secret by server-side apply, and a note of what is installed', async () => {
    const site = await on();
    const where = ['--context', 'c', '--kubeconfig', 'k', '--namespace', 'jet-system', '--wait'];
    const outcome = await site.install([...bundle.args, ...skipLoad, ...where]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const calls = await site.calls('kubectl');
    for (const call of calls)
      expect(call).toEqual(expect.arrayContaining(['--kubeconfig', 'k', '--context', 'c']));
    const applies = calls.filter((call) => call.includes('apply'));
    expect(applies).toHaveLength(2);
    expect(applies[0]).toEqual(
      expect.arrayContaining([
        '--server-side',
        '--field-manager=airgap-bundle',
        '--force-conflicts',
      ]),
    );
    const digest = /sha256:[0-9a-f]{64}/.exec(outcome.stdout)?.[0];
    expect(await site.applied('ConfigMap')).toMatchObject({
      metadata: { name: 'airgap-bundle', namespace: 'jet-system' },
      data: { 'pcg-override': `7 1.4.0 ${digest}` },
    });
    const [helm] = await site.calls('helm');
    expect(helm?.slice(0, 7)).toEqual([
      '--kubeconfig',
      'k',
      '--kube-context',
      'c',
      'upgrade',
      '--install',
      'image-swap',
    ]);
    expect(helm).toContain('--wait');
  });

  test('gets no chart from a non-airgap bundle', async () => {
    const only = await bundleFor('registry.example.org', { access: { environment: 'non-airgap' } });
    const site = await on({ without: ['helm'] });
    expect(await site.install([...only.args, ...skipLoad])).toMatchObject({ code: 0, stderr: '' });
    expect(await secretData(site)).toMatchObject({ DOMAIN: 'registry.example.org' });
    expect(await site.calls('helm')).toEqual([]);
  });

  test('without the namespace jet-system', async () => {
    const site = await on();
    await writeFile(join(site.folder, 'cluster/namespaces'), 'default\n');
    const outcome = await site.install([...bundle.args, ...skipLoad]);
    expect(outcome).toMatchObject({
      code: 11,
      stderr: expect.stringContaining('--create-namespace'),
    });
    expect(await site.applied('Secret')).toBeNull();
    const args = [...bundle.args, ...skipLoad, '--create-namespace'];
    expect(await site.install(args)).toMatchObject({ code: 0, stderr: '' });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['that does not answer', { FAKE_KUBECTL_DOWN: '1' }, /does not answer/],
    ['where helm fails', { FAKE_HELM_FAILS: '1' }, /helm could not install/],
    ['with another map', { FAKE_KUBECTL_MAP: 'b3RoZXI=' }, /is not the map[\s\S]*given: +other/],
  ])('%s', async (_, env, message) => {
    const outcome = await (await on()).install([...bundle.args, ...skipLoad], env);
    expect(outcome).toMatchObject({ code: 11, stderr: expect.stringMatching(message) });
  });

  test.each<[string, object]>([
    ['a newer one', { sequence: 6 }],
    ['another one of the same version', { createdAt: '2026-01-03T00:00:00Z' }],
  ])('keeps %s, unless a downgrade is allowed', async (_, inventory) => {
    const site = await on();
    expect(await site.install([...bundle.args, ...skipLoad])).toMatchObject({ code: 0 });
    const other = await bundleFor('registry.example.org', { inventory });
    expect(await site.install([...other.args, ...skipLoad])).toMatchObject({ code: 6 });
    const allowed = [...other.args, ...skipLoad, '--allow-downgrade'];
    expect(await site.install(allowed)).toMatchObject({ code: 0, stderr: '' });
  });

  test('loses what was installed on --uninstall, and no Secret of anybody else', async () => {
    const site = await on();
    await site.install([...bundle.args, ...skipLoad]);
    expect(await site.install([...bundle.args, '--uninstall'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await site.applied('Secret')).toBeNull();
    expect(await site.applied('ConfigMap')).toBeNull();
    expect(await site.rendered()).toEqual([]);

    await writeFile(join(site.folder, 'cluster/Secret'), 'kind: Secret\n');
    await writeFile(join(site.folder, 'cluster/manager'), 'kubectl-create');
    const outcome = await site.install([...bundle.args, '--uninstall']);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('it stays') });
    expect(await site.applied('Secret')).not.toBeNull();
  });

  test('is only told about by --dry-run', async () => {
    const site = await on();
    const outcome = await site.install([...bundle.args, '--dry-run', '--uninstall']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/would run: helm uninstall image-swap/);
    const install = await site.install([...bundle.args, '--dry-run']);
    expect(install).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['oras cp', 'kubectl apply', 'helm upgrade', 'kubectl get secret']) {
      expect(install.stdout).toContain(`would run: ${command}`);
    }
    for (const words of [
      ` --from-oci-layout -- ${bundle.path}@sha256:`,
      ' chart/image-swap-1.5.3.tgz --namespace default --values values.yaml',
      'with the Secret registry-info in jet-system',
      'the one that the cluster has would be kept',
    ]) {
      expect(install.stdout).toContain(words);
    }
    expect(install.stdout).not.toContain('airgap-install.');
    const calls = (await site.calls('kubectl')).filter((call) => !call.includes('config'));
    expect(calls).toEqual([]);
    expect(await site.calls('helm')).toEqual([]);
  });
});

test.each<[NodeJS.Signals, number]>([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('%s ends the child at once and leaves nothing', async (signal, code) => {
  const bundle = await bundleFor('registry.example.org');
  const oras = `#!/bin/sh\nif [ "$1" = version ]; then echo 'Version: 1.3.6'; exit; fi\necho $$ > started\nexec sleep 60\n`;
  const site = await on({ programs: { oras } });
  const script = installScriptPath();
  const env = {
    PATH: join(site.folder, 'bin'),
    TMPDIR: join(site.folder, 'tmp'),
    FAKE_KUBECTL: join(site.folder, 'cluster'),
    FAKE_HELM: site.folder,
    HOME: site.folder,
  };
  const child = spawn('/bin/sh', [script, ...bundle.args], {
    cwd: site.folder,
    env,
    stdio: 'ignore',
  });
  const pid = await started(join(site.folder, 'started'));
  child.kill(signal);
  expect((await once(child, 'exit'))[0]).toBe(code);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(await site.leftovers()).toEqual([]);
});

async function started(file: string): Promise<number> {
  for (let wait = 0; wait < 500; wait++) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await sleep(20);
  }
  throw new Error('oras was not started');
}
