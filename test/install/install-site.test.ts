import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FrontAnswer, type FrontRequest, startFrontProxy } from '../helpers/proxy.ts';
import { freePort, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { toolPath } from '../helpers/tools.ts';
import {
  decoded,
  expectUntouched,
  type HostOptions,
  type JumpHost,
  makeJumpHost,
  secretData,
} from './jump-host.ts';
import { type BundleOptions, keyPair, makeBundle, type TestBundle } from './make-bundle.ts';

let folder: string;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  cleanups.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function on(options?: HostOptions): Promise<JumpHost> {
  const made = await makeJumpHost(options);
  cleanups.push(made.remove);
  return made;
}
async function registry(options: Parameters<typeof startRegistry>[0] = {}): Promise<TestRegistry> {
  const started = await startRegistry(options);
  cleanups.push(started.stop);
  return started;
}
async function bundleFor(endpoint: string, more: Partial<BundleOptions> = {}) {
  const bundle = await makeBundle({ folder, endpoint, key: 'ed25519', ...more });
  return { ...bundle, args: [bundle.path, '--key', keyPair(folder, 'ed25519').pub] };
}
async function expectPlaced({ placements }: TestBundle, flags = ['--plain-http']): Promise<void> {
  for (const [reference, digest] of placements) {
    expect(await resolve(reference, flags)).toBe(digest);
  }
}
/** Not synchronous: the proxy that it asks may live in this very process. */
async function resolve(reference: string, flags = ['--plain-http']): Promise<string> {
  const { stdout } = await promisify(execFile)(toolPath('oras'), ['resolve', ...flags, reference]);
  return stdout.trim();
}

describe('the registry', () => {
  test('gets each blob once; the rest is mounts', async () => {
    const target = await registry();
    const bundle = await bundleFor(target.host);
    expect(await (await on()).install([...bundle.args, '--only', 'load'])).toMatchObject({
      code: 0,
    });
    await expectPlaced(bundle);
    const done = target.requests().filter(({ status }) => status === 201);
    const uploads = done.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'));
    const digests = uploads.map(
      ({ path }) => decodeURIComponent(path).match(/sha256:[0-9a-f]+/)?.[0],
    );
    expect(new Set(digests).size).toBe(digests.length);
    expect(uploads.every(({ path }) => path.startsWith('/v2/airgap/bundles/pcg-override/'))).toBe(
      true,
    );
    expect(done.some(({ method, path }) => method === 'POST' && path.includes('mount='))).toBe(
      true,
    );
    const kept = await resolve(`${target.host}/airgap/bundles/pcg-override:1.4.0_a`);
    expect(kept).toBe(bundle.inventory.root?.digest);
  });

  test.each<[string, (request: FrontRequest) => FrontAnswer | undefined]>([
    [
      'mounts',
      ({ method, path }) =>
        method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined,
    ],
    [
      'the bundle repository',
      ({ method, path }) =>
        method !== 'HEAD' && path.includes('/bundles/') ? refusal(403, 'DENIED') : undefined,
    ],
    [
      'the root index',
      ({ method, path }) =>
        method === 'PUT' && path.endsWith('/bundles/pcg-override/manifests/1.4.0_a')
          ? refusal(400, 'MANIFEST_INVALID')
          : undefined,
    ],
  ])('that refuses %s still has every placement in the end', async (_, rule) => {
    const target = await registry();
    const front = await startFrontProxy(target.host, [rule]);
    cleanups.push(front.stop);
    const bundle = await bundleFor(front.host);
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await expectPlaced(bundle);
  });

  test('that refuses one image gets the others', async () => {
    const target = await registry();
    const front = await startFrontProxy(target.host, [
      ({ method, path }) =>
        method !== 'HEAD' && path.includes('/docker.io/library/nginx/')
          ? refusal(403, 'DENIED')
          : undefined,
    ]);
    cleanups.push(front.stop);
    const bundle = await bundleFor(front.host);
    const site = await on();
    const outcome = await site.install(bundle.args);
    expect(outcome.code).toBe(8);
    expect(outcome.stderr).toContain(`failed  ${front.host}/airgap/docker.io/library/nginx:1`);
    expect(outcome.stdout).toContain(`placed  ${front.host}/airgap/quay.io/team/tool:2`);
    expect(await site.applied('Secret')).toBeNull();
  });

  test.each<[string, Parameters<typeof startRegistry>[0], number]>([
    ['is read-only', { readOnly: true }, 8],
    ['wants a login that nobody gave', { htpasswd: { username: 'a', password: 'b' } }, 7],
  ])('that %s', async (_, options, code) => {
    const target = await registry(options);
    const bundle = await bundleFor(target.host);
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code });
  });

  test('that cannot be reached is transient', async () => {
    const bundle = await bundleFor(`127.0.0.1:${await freePort()}`);
    const outcome = await (await on()).install(bundle.args);
    expect(outcome).toMatchObject({
      code: 9,
      stderr: expect.stringContaining('connection refused'),
    });
  });

  test('with a CA of its own', async () => {
    const { authority, certificate } = await tls();
    const target = await registry({ tls: certificate });
    const trusting = await bundleFor(target.host, {
      access: { plainHttp: false, caCert: authority.pem },
    });
    expect(await (await on()).install([...trusting.args, '--only', 'load'])).toMatchObject({
      code: 0,
    });
    await expectPlaced(trusting, ['--ca-file', authority.path]);
    const strange = await bundleFor(target.host, { access: { plainHttp: false } });
    const outcome = await (await on()).install([...strange.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('x509') });
  });

  test('must have the images of a light bundle already', async () => {
    const target = await registry();
    const whole = await bundleFor(target.host);
    const light = await bundleFor(target.host, {
      inventory: { imagesNotEmbedded: true, version: '2' },
    });
    const site = await on();
    const outcome = await site.install([...light.args, '--only', 'load']);
    expect(outcome).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('airgap-bundle mirror'),
    });
    expect(target.requests().filter(({ method }) => method !== 'HEAD')).toEqual([]);
    await site.install([...whole.args, '--only', 'load']);
    expect(await site.install([...light.args, '--only', 'load'])).toMatchObject({ code: 0 });
  });

  test('is only asked where it is a pull-through cache', async () => {
    const target = await registry();
    const pullThrough = [`${target.host}/airgap/quay.io`];
    const bundle = await bundleFor(target.host, { access: { pullThrough } });
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('pull-through cache'),
    });
    const written = target.requests().filter(({ method }) => method !== 'HEAD');
    expect(written.some(({ path }) => path.includes('/quay.io/'))).toBe(false);
    expect(written.length).toBeGreaterThan(0);
  });
});

const refusal = (status: number, code: string) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }),
});

let authority: Authority | undefined;
afterAll(() => authority?.remove());
async function tls() {
  authority ??= await makeAuthority();
  return { authority, certificate: await authority.issue(['IP:127.0.0.1']) };
}

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
      data: { 'pcg-override': `7 1.4.0+a ${digest}` },
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
    ['with another map', { FAKE_KUBECTL_MAP: 'b3RoZXI=' }, /is not the map[\s\S]*found: other/],
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
    const calls = (await site.calls('kubectl')).filter((call) => !call.includes('config'));
    expect(calls).toEqual([]);
    expect(await site.calls('helm')).toEqual([]);
  });
});

describe('with Node on PATH', () => {
  const node = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
  const program = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const argv = process.argv.slice(2);
    const file = argv[argv.indexOf('--push-password-file') + 1];
    writeFileSync('load.json', JSON.stringify({ argv, password: readFileSync(file, 'utf8') }));
    process.exit(Number(process.env.LOAD_EXIT));`;

  test('the bundle’s own program loads, and its exit code is ours', async () => {
    const bundle = await bundleFor('registry.example.org', {
      program,
      access: { plainHttp: false },
    });
    const site = await on({ programs: { node } });
    const args = [...bundle.args, '--only', 'load', '--push-username', 'u', '--allow-downgrade'];
    const env = { AIRGAP_BUNDLE_PUSH_PASSWORD: 'p\n', LOAD_EXIT: '12' };
    expect(await site.install(args, env)).toMatchObject({ code: 12 });
    const seen = JSON.parse(await readFile(join(site.folder, 'load.json'), 'utf8'));
    expect(seen.password).toBe('p\n\n');
    expect(seen.argv.slice(0, 3)).toEqual(['load', bundle.path, '--key']);
    expect(seen.argv).toEqual(
      expect.arrayContaining(['--push-username', 'u', '--allow-downgrade']),
    );
    expect(await site.leftovers()).toEqual([]);
  });

  test('an old Node is not used', async () => {
    const target = await registry();
    const bundle = await bundleFor(target.host, { program });
    const old = '#!/bin/sh\necho 18\n';
    const outcome = await (await on({ programs: { node: old } })).install([
      ...bundle.args,
      '--only',
      'load',
    ]);
    expect(outcome).toMatchObject({ code: 0 });
    await expectPlaced(bundle);
  });
});

test.each<[NodeJS.Signals, number]>([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('%s ends the child at once and leaves nothing', async (signal, code) => {
  const bundle = await bundleFor('registry.example.org');
  const oras = `#!/bin/sh\nif [ "$1" = version ]; then echo 'Version: 1.3.6'; exit; fi\necho $$ > started\nexec sleep 60\n`;
  const site = await on({ programs: { oras } });
  const script = join(import.meta.dirname, '../../src/install/install.sh');
  const env = {
    PATH: join(site.folder, 'bin'),
    TMPDIR: join(site.folder, 'tmp'),
    FAKE_KUBECTL: join(site.folder, 'cluster'),
    FAKE_HELM: site.folder,
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
