import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { programPath } from '../../src/install/assets.ts';
import { expectUntouched, type JumpHost, type Shell, shells } from './jump-host.ts';
import { bundleFor, on } from './site.ts';

const endpoint = 'harbor.example.org:8443';
const password = `  pa:$$"\\\`w{{ö}}\n # ]"' canary`;
const auth = Buffer.from(`puller:${password}`).toString('base64');
const names = Object.keys(shells) as Shell[];
const secured = { access: { plainHttp: false } };

async function given(host: JumpHost): Promise<string[]> {
  await writeFile(join(host.folder, 'password'), `${password}\n`);
  return ['--username', 'puller', '--password-file', 'password'];
}

async function tomlOf(folder: string, path: string) {
  return parse(await readFile(join(folder, path), 'utf8'));
}

const configsOf = async (folder: string, path: string) => {
  const { plugins } = (await tomlOf(folder, path)) as { plugins: Record<string, unknown> };
  const { registry } = plugins['io.containerd.grpc.v1.cri'] as { registry: { configs?: object } };
  return registry.configs;
};

/** Every path below a folder, with its permission bits. */
async function modesOf(folder: string): Promise<Record<string, string>> {
  const paths = ['.', ...(await readdir(folder, { recursive: true }))].sort();
  const modes = paths.map(async (path) => {
    const { mode } = await stat(join(folder, path));
    return [path, (mode & 0o777).toString(8)];
  });
  return Object.fromEntries(await Promise.all(modes));
}

describe.each(names)('--write-nodes under %s', (shell) => {
  test('writes what the bundle has, with the login, for this user alone; and contacts nothing', async () => {
    const bundle = await bundleFor(endpoint, secured);
    const host = await on({ shell });
    const flags = ['--write-nodes', "it's $(touch pwned)", ...(await given(host))];
    const outcome = await host.install([...bundle.args, ...flags]);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
    await expectUntouched(host);

    const out = join(host.folder, "it's $(touch pwned)");
    expect(await modesOf(out)).toEqual({
      '.': '700',
      'README.txt': '600',
      'certs.d': '700',
      'certs.d/docker.io': '700',
      'certs.d/docker.io/hosts.toml': '600',
      'certs.d/quay.io': '700',
      'certs.d/quay.io/hosts.toml': '600',
      'config-path-v2.toml': '600',
      'config-path-v3.toml': '600',
      'config.toml': '600',
    });
    for (const path of ['config.toml', 'config-path-v2.toml'])
      expect(await configsOf(out, path)).toEqual({ [endpoint]: { auth: { auth } } });
    const header = { Authorization: `Basic ${auth}` };
    expect(await tomlOf(out, 'certs.d/quay.io/hosts.toml')).toMatchObject({
      server: `https://${endpoint}/v2/airgap/quay.io`,
      header,
      host: { [`https://${endpoint}/v2/airgap/quay.io`]: { override_path: true, header } },
    });
  });
});

test('the password is in no argument, no environment and no word', async () => {
  const bundle = await bundleFor(endpoint, secured);
  const host = await on({ recording: true });
  const flags = ['--write-nodes', 'nodes', '--username', 'puller'];
  const outcome = await host.install([...bundle.args, ...flags], {
    AIRGAP_BUNDLE_PASSWORD: password,
  });
  expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
  expect(await configsOf(join(host.folder, 'nodes'), 'config.toml')).toBeDefined();
  for (const text of [await host.record(), outcome.stdout])
    for (const secret of [password, 'canary', auth]) expect(text).not.toContain(secret);
  expect(await host.leftovers()).toEqual([]);
});

test('without a credential there is none in the files, and that is said', async () => {
  const bundle = await bundleFor(endpoint, secured);
  const host = await on();
  const outcome = await host.install([...bundle.args, '--write-nodes', 'nodes']);
  expect(outcome.stdout).toContain('nodes will pull anonymously');
  expect(await configsOf(join(host.folder, 'nodes'), 'config.toml')).toBeUndefined();
});

test('the password goes to the endpoint alone, wherever else the map leads to', async () => {
  const mirrorRegistries = `docker.io::${endpoint}/a,quay.io::${endpoint}.other.example.org/q,gcr.io::harbor.example.org/g`;
  const bundle = await bundleFor(endpoint, { ...secured, target: { mirrorRegistries } });
  const host = await on();
  const flags = ['--write-nodes', 'nodes', ...(await given(host))];
  const outcome = await host.install([...bundle.args, ...flags]);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  const out = join(host.folder, 'nodes');
  expect(await tomlOf(out, 'certs.d/docker.io/hosts.toml')).toHaveProperty('header');
  for (const other of ['quay.io', 'gcr.io'])
    expect(await readFile(join(out, 'certs.d', other, 'hosts.toml'), 'utf8')).not.toContain(auth);
});

test('with a site file they are those of the site, and the login is for its registry', async () => {
  const program = await readFile(programPath(), 'utf8');
  const bundle = await bundleFor(endpoint, { ...secured, program });
  const host = await on({ node: true });
  await writeFile(
    join(host.folder, 'site.yaml'),
    'ociImageRegistry: {endpoint: here.example.org}\n',
  );
  const flags = ['--write-nodes', 'nodes', '--site', 'site.yaml', ...(await given(host))];
  const outcome = await host.install([...bundle.args, ...flags]);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  const out = join(host.folder, 'nodes');
  expect(await configsOf(out, 'config-path-v2.toml')).toEqual({
    'here.example.org': { auth: { auth } },
  });
  expect(await tomlOf(out, 'certs.d/docker.io/hosts.toml')).toMatchObject({
    server: 'https://here.example.org/v2/airgap/docker.io',
    header: { Authorization: `Basic ${auth}` },
  });
});

test('--dry-run names the files and writes none', async () => {
  const bundle = await bundleFor(endpoint, secured);
  const host = await on();
  const flags = ['--dry-run', '--write-nodes', 'nodes', ...(await given(host))];
  const outcome = await host.install([...bundle.args, ...flags]);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toContain(`would write ${host.folder}/nodes/certs.d/quay.io/hosts.toml\n`);
  await expect(stat(join(host.folder, 'nodes'))).rejects.toThrow('ENOENT');
});

test.each<[string, object, string[], number, string]>([
  ['a folder that is there', secured, [], 2, 'is there already'],
  ['a folder in one that is not there', secured, ['no/folder'], 10, 'cannot be written'],
  ['--only', secured, ['nodes', '--only', 'load'], 2, 'takes no other steps'],
  ['--uninstall', secured, ['nodes', '--uninstall'], 2, 'takes no other steps'],
  ['plain HTTP to another host', {}, ['nodes'], 2, 'over plain HTTP'],
  [
    'a map that means nothing to containerd',
    { ...secured, target: { mirrorRegistries: `default::${endpoint}/airgap` } },
    ['nodes'],
    2,
    'no files for nodes',
  ],
])('%s is refused, and nothing is written', async (_, options, flags, code, words) => {
  const bundle = await bundleFor(endpoint, options);
  const host = await on();
  await mkdir(join(host.folder, 'there'));
  const [folder = 'there', ...more] = flags;
  const login = await given(host);
  const before = await readdir(host.folder, { recursive: true });
  const args = [...bundle.args, '--write-nodes', folder, ...more, ...login];
  expect(await host.install(args)).toMatchObject({ code, stderr: expect.stringContaining(words) });
  expect(await readdir(host.folder, { recursive: true })).toEqual(before);
});
