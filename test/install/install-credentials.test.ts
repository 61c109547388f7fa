import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { installScriptPath } from '../../src/install/assets.ts';
import { decoded, expectUntouched, type JumpHost, type Shell, secretData } from './jump-host.ts';
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
      await keeps(site, 'registry.example.org', username, password);
      const outcome = await site.install([...bundle.args, ...skipLoad]);
      expect(outcome).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(kept) });
      expect(await secretData(site)).toMatchObject({ USERNAME: username, PASSWORD: password });
      expect(decoded((await site.rendered())[0])).toMatchObject({ username, password });
      const record = `${await site.record()}${outcome.stdout}`;
      for (const text of [password, base64(password)]) expect(record).not.toContain(text);
    });

    test('and what the cluster has is for another registry: it goes nowhere', async () => {
      const bundle = await bundleFor('registry.example.org');
      const site = await on();
      await keeps(site, 'old.example.org', 'puller', pull);
      const outcome = await site.install([...bundle.args, ...skipLoad]);
      expect(outcome).toMatchObject({
        code: 11,
        stderr: expect.stringMatching(
          /another registry\n.*DOMAIN old\.example\.org\n[\s\S]*--username/,
        ),
      });
      expect(await secretData(site)).toMatchObject({ DOMAIN: 'old.example.org' });
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

/** A run that waits for oras to end. */
async function waiting(site: JumpHost, args: readonly string[]) {
  const env = {
    PATH: join(site.folder, 'bin'),
    TMPDIR: join(site.folder, 'tmp'),
    HOME: site.folder,
  };
  const child = spawn('/bin/sh', [installScriptPath(), ...args, '--only', 'load'], {
    cwd: site.folder,
    env,
    stdio: 'ignore',
  });
  return { child, oras: await started(join(site.folder, 'started')) };
}
const slowOras = `#!/bin/sh\nif [ "$1" = version ]; then echo 'Version: 1.3.6'; exit; fi\necho $$ > started\nexec sleep 60\n`;

test.each<[NodeJS.Signals, number]>([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('%s ends the child at once and leaves nothing', async (signal, code) => {
  const bundle = await bundleFor('registry.example.org');
  const site = await on({ programs: { oras: slowOras } });
  const { child, oras } = await waiting(site, bundle.args);
  child.kill(signal);
  expect((await once(child, 'exit'))[0]).toBe(code);
  expect(() => process.kill(oras, 0)).toThrow('ESRCH');
  expect(await site.leftovers()).toEqual([]);
});

test.each<Shell>(['dash', 'busybox sh', 'bash --posix', 'mksh'])(
  'what SIGKILL left the next run removes, and nothing of others: %s',
  async (shell) => {
    const bundle = await bundleFor('registry.example.org');
    const site = await on({ shell, programs: { oras: slowOras } });
    const { child, oras } = await waiting(site, bundle.args);
    const [running = ''] = await site.leftovers();
    const dryRun = [...bundle.args, '--dry-run', '--only', 'load'];
    expect(await site.install(dryRun)).toMatchObject({ code: 0 });
    expect(await site.leftovers()).toEqual([running]);

    child.kill('SIGKILL');
    await once(child, 'exit');
    process.kill(oras);
    const at = (name: string) => join(site.folder, 'tmp', name);
    const mark = await readFile(join(at(running), 'run'), 'utf8');
    const [pid, , boot] = mark.trim().split(' ');
    await mkdir(at('airgap-install.nobody'));
    await mkdir(at('airgap-install.remote'));
    await writeFile(at('airgap-install.remote/run'), `${pid} elsewhere ${boot}\n`);
    expect(await site.install(dryRun)).toMatchObject({ code: 0 });
    expect(await site.leftovers()).toEqual(['airgap-install.nobody', 'airgap-install.remote']);
  },
);

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The cluster has a pull credential for a registry. */
async function keeps(site: JumpHost, domain: string, user: string, password: string) {
  const lines = Object.entries({ DOMAIN: domain, USERNAME: user, PASSWORD: password });
  const data = lines.map(([key, value]) => `  ${key}: "${base64(value)}"\n`).join('');
  const head =
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: registry-info\n  namespace: jet-system\n';
  await writeFile(join(site.folder, 'cluster/Secret'), `${head}type: Opaque\ndata:\n${data}`);
}

async function started(file: string): Promise<number> {
  for (let wait = 0; wait < 500; wait++) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await sleep(20);
  }
  throw new Error('oras was not started');
}
