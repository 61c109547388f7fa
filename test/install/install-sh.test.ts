import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { installScriptPath } from '../../src/install/assets.ts';
import { freePort, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';
import {
  decoded,
  expectUntouched,
  type HostOptions,
  type JumpHost,
  makeJumpHost,
  type Shell,
  secretData,
  shells,
} from './jump-host.ts';
import { type BundleOptions, keyPair, makeBundle, type TestBundle } from './make-bundle.ts';

const script = installScriptPath();
const names = Object.keys(shells) as Shell[];

let folder: string;
let endpoint: string;
let bundle: TestBundle;
let pub: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  endpoint = `127.0.0.1:${await freePort()}`;
  bundle = await makeBundle({ folder, endpoint, key: 'ed25519' });
  pub = keyPair(folder, 'ed25519').pub;
});
afterAll(() => rm(folder, { recursive: true }));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
async function host(options?: HostOptions): Promise<JumpHost> {
  const made = await makeJumpHost(options);
  cleanups.push(made.remove);
  return made;
}
async function registry(options: Parameters<typeof startRegistry>[0] = {}): Promise<TestRegistry> {
  const started = await startRegistry({ port: Number(endpoint.split(':')[1]), ...options });
  cleanups.push(started.stop);
  return started;
}
/** Another bundle, in its own folder so that it does not overwrite the common one. */
async function another(options: Partial<BundleOptions>): Promise<TestBundle & { pub: string }> {
  const own = await mkdtemp(join(folder, 'other-'));
  const made = await makeBundle({ folder: own, endpoint, key: 'ed25519', ...options });
  return { ...made, pub: keyPair(own, options.key ?? 'ed25519').pub };
}

test('shellcheck has nothing to say', () => {
  const noise = 'SC2250,SC2310,SC2312,SC2249';
  execFileSync(toolPath('shellcheck'), ['-s', 'sh', '-o', 'all', '-e', noise, script]);
});

test('nothing is run by eval, and the last line alone does something', async () => {
  const text = await readFile(script, 'utf8');
  expect(text).not.toMatch(/\beval\b.*\$/);
  expect(text.trimEnd().split('\n').at(-1)).toBe('main "$@"');
});

describe.each(names)('under %s, without Node', (shell) => {
  test('the whole way: verify, load, Secret, chart, check; a second run writes nothing', async () => {
    const target = await registry();
    const site = await host({ shell });
    const password = '  pa$$"\\`w{{ö}}\n second line';
    await writeFile(join(site.folder, 'password'), `${password}\n`);
    const args = [bundle.path, '--key', pub, '--username', 'puller', '--password-file', 'password'];

    const first = await site.install(args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(resolved()).toEqual(Object.fromEntries(bundle.placements));
    expect(await secretData(site)).toEqual({
      DOMAIN: endpoint,
      BASE_PATH: 'airgap',
      USERNAME: 'puller',
      PASSWORD: password,
      INSECURE: 'true',
      CA_CERT: '',
      MIRROR_REGISTRIES: bundle.target.mirrorRegistries,
    });
    const [secret, configMap] = await site.rendered();
    expect(decoded(secret)).toEqual({
      endpoint,
      name: 'site registry',
      username: 'puller',
      password,
      baseContentPath: 'airgap',
      insecureSkipVerify: 'true',
      caCert: '',
      mirrorRegistries: bundle.target.mirrorRegistries,
    });
    expect(configMap).toMatchObject({
      metadata: { name: 'image-swap' },
      data: { image: `${endpoint}/airgap/swap:1`, insecureIsBoolean: 'true' },
    });
    expect(first.stdout).toContain(bundle.target.mirrorRegistries);

    const before = target.requests().length;
    const second = await site.install(args);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    const methods = target
      .requests()
      .slice(before)
      .map(({ method }) => method);
    expect(new Set(methods)).toEqual(new Set(['HEAD']));
    expect(methods).toHaveLength(bundle.placements.size);
    expect(await site.leftovers()).toEqual([]);
  });

  test('a flipped byte in the chart is integrity, before anything is run', async () => {
    const site = await host({ shell });
    const path = await damaged('image-swap-1.5.3.tgz', 600);
    const outcome = await site.install([path, '--key', pub]);
    expect(outcome).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/chart.* was changed after signing/),
    });
    await expectUntouched(site);
  });

  test('text that looks like a command is text', async () => {
    const mirrorRegistries = `docker.io::${endpoint}/airgap,quay.io::$(touch pwned)\`touch pwned\`'"; touch pwned`;
    const name = 'no $(touch pwned)';
    const other = await another({ target: { mirrorRegistries, name } });
    const site = await host({ shell });
    const path = join(site.folder, 'a b$(touch pwned);\'":x@y.tar');
    await copyFile(other.path, path);
    const args = [path, '--key', other.pub, '--skip', 'load', '--username', '$(touch pwned)'];
    const outcome = await site.install(args, { AIRGAP_BUNDLE_PASSWORD: '`touch pwned`' });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(await secretData(site)).toMatchObject({
      MIRROR_REGISTRIES: mirrorRegistries,
      USERNAME: '$(touch pwned)',
      PASSWORD: '`touch pwned`',
    });
    const [secret] = await site.rendered();
    expect(decoded(secret)).toMatchObject({ mirrorRegistries, name, password: '`touch pwned`' });
    await expect(readFile(join(site.folder, 'pwned'))).rejects.toThrow('ENOENT');
  });
});

/** What the registry has now under each placement. */
function resolved(): Record<string, string> {
  const ask = (reference: string) =>
    execFileSync(toolPath('oras'), ['resolve', '--plain-http', reference]).toString().trim();
  return Object.fromEntries([...bundle.placements.keys()].map((name) => [name, ask(name)]));
}

/** A copy of the bundle with one byte changed, `offset` bytes after the text. */
async function damaged(text: string, offset: number): Promise<string> {
  const bytes = await readFile(bundle.path);
  const at = bytes.lastIndexOf(text) + offset;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const path = join(folder, 'damaged.tar');
  await writeFile(path, bytes);
  return path;
}

test.each(names)('%s: a terminal obeys nothing of what a registry says', async (shell) => {
  // An escape, a bell, a backspace, DEL, and the one-character CSI of UTF-8 terminals; the names stay readable.
  const evil =
    'Error response from registry: denied: \\033]0;pwned\\007 a\\010b\\177 \\302\\2332Jc ü日';
  const oras = `#!/bin/sh\nif [ "$1" = version ]; then echo 'Version: 1.3.6'; exit; fi\nprintf '${evil}\\n' >&2\nexit 1\n`;
  const site = await host({ shell, programs: { oras } });
  const outcome = await site.install([bundle.path, '--key', pub, '--only', 'load']);
  expect(outcome.code).toBe(7);
  expect(outcome.stderr).toContain('denied: ]0;pwned ab 2Jc ü日');
  const controls = /(?!\n)\p{Cc}/u;
  expect(outcome.stderr).not.toMatch(controls);
  expect(outcome.stdout).not.toMatch(controls);
});
