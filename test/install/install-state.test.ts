import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runLoad } from '../../src/commands/load.ts';
import type { Context } from '../../src/context.ts';
import { exitCodeOf, failuresIn } from '../../src/report/error.ts';
import { toolPath } from '../helpers/tools.ts';
import type { JumpHost } from './jump-host.ts';
import { bundleFor, on, registry } from './site.ts';

// Two ways to load: install.sh without Node, and the program. Each must see what the other has loaded.
type Bundle = Awaited<ReturnType<typeof bundleFor>>;
type Load = (bundle: Bundle, site: JumpHost, allowDowngrade?: boolean) => Promise<number>;

const byScript: Load = async (bundle, site, allowDowngrade = false) => {
  const flags = allowDowngrade ? ['--allow-downgrade'] : [];
  return (await site.install([...bundle.args, '--only', 'load', ...flags])).code;
};

const byProgram: Load = async (bundle, site, allowDowngrade = false) => {
  const trust = {
    keys: [bundle.args[2] ?? ''],
    revoked: [],
    allowUnsigned: false,
    allowExpired: false,
  };
  const push = { username: undefined, passwordFile: undefined, allowPlainHttp: false };
  try {
    const { errors } = await runLoad(
      bundle.path,
      { trust, allowDowngrade, push, deep: false },
      at(site),
    );
    return exitCodeOf(errors);
  } catch (thrown) {
    if (failuresIn(thrown).length === 0) throw thrown;
    return exitCodeOf(failuresIn(thrown));
  }
};

function at({ folder }: JumpHost): Context {
  return {
    env: { HOME: folder, PATH: join(toolPath('oras'), '..') },
    cwd: folder,
    temporary: join(folder, 'tmp'),
    now: () => new Date(),
    signal: new AbortController().signal,
    emit: () => {},
  };
}

const pairs: [string, Load, Load][] = [
  ['what the program loaded, install.sh', byProgram, byScript],
  ['what install.sh loaded, the program', byScript, byProgram],
  ['what install.sh loaded, it', byScript, byScript],
];

test.each(pairs)('%s takes for loaded', async (_, first, second) => {
  const target = await registry();
  const bundle = await bundleFor(target.host);
  const site = await on();
  expect(await first(bundle, site)).toBe(0);
  expect(await second(bundle, site)).toBe(0);
  const older = await bundleFor(target.host, { inventory: { sequence: 6, version: '1.3.9' } });
  const other = await bundleFor(target.host, { inventory: { createdAt: '2026-01-03T00:00:00Z' } });
  const asked = target.requests().length;
  for (const refused of [older, other]) expect(await second(refused, site)).toBe(6);
  expect(target.requests()).toHaveLength(asked);
  expect(await second(older, site, true)).toBe(0);
  expect(await first(older, site)).toBe(0);
});

test.each([{}, { access: { baseContentPath: '' } }])('both write the same record', async (more) => {
  const target = await registry();
  const bundle = await bundleFor(target.host, more);
  const older = await bundleFor(target.host, {
    ...more,
    inventory: { sequence: 6, version: '1.3.9' },
  });
  const [one, two] = [await on(), await on()];
  for (const [site, load] of [[one, byScript] as const, [two, byProgram] as const]) {
    expect(await load(bundle, site)).toBe(0);
    expect(await load(older, site, true)).toBe(0);
  }
  const written = await record(one);
  expect(written).toEqual(await record(two));
  expect(JSON.parse(written.text)).toMatchObject({ sequence: 6, overrides: [expect.any(String)] });
});

/** The one record of a host. */
async function record({ folder }: JumpHost) {
  const state = join(folder, '.local/state/airgap-bundle');
  const [name = '', ...others] = await readdir(state);
  expect(others).toEqual([]);
  const { mode } = await stat(join(state, name));
  return { name, mode: mode & 0o777, text: await readFile(join(state, name), 'utf8') };
}

test('a record that cannot be read stops install.sh', async () => {
  const bundle = await bundleFor((await registry()).host);
  const site = await on();
  expect(await byScript(bundle, site)).toBe(0);
  const { name } = await record(site);
  await writeFile(join(site.folder, '.local/state/airgap-bundle', name), '{}\n');
  const outcome = await site.install([...bundle.args, '--only', 'load']);
  expect(outcome).toMatchObject({ code: 10, stderr: expect.stringContaining('cannot be read') });
});

test.each([
  ['9 1"}x sha256:0a', 'a quote in the version'],
  ['x 1.0.0 sha256:0a', 'no sequence'],
  ['9 1.0.0 sha256:y', 'no digest'],
  ['9', 'nothing but a sequence'],
])('a note of the cluster that says %s (%s) stops install.sh', async (said) => {
  const bundle = await bundleFor('registry.example.org');
  const site = await on();
  const note = `kind: ConfigMap\ndata:\n  "${bundle.inventory.name}": "${said}"\n`;
  await writeFile(join(site.folder, 'cluster/ConfigMap'), note);
  await writeFile(join(site.folder, 'pw'), 'p');
  const flags = ['--only', 'secret', '--username', 'u', '--password-file', join(site.folder, 'pw')];
  const outcome = await site.install([...bundle.args, ...flags, '--allow-downgrade']);
  expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining(said) });
  expect(outcome.stderr).toContain('the note of what is installed cannot be read');
  expect(await site.applied('Secret')).toBeNull();
});

test('a failed load is not remembered', async () => {
  const bundle = await bundleFor((await registry({ readOnly: true })).host);
  const site = await on();
  expect(await byScript(bundle, site)).toBe(8);
  await expect(readdir(join(site.folder, '.local'))).rejects.toThrow('ENOENT');
});

test('a state folder that cannot be written is said after the load', async () => {
  const bundle = await bundleFor((await registry()).host);
  const site = await on();
  await writeFile(join(site.folder, 'file'), '');
  const env = { XDG_STATE_HOME: join(site.folder, 'file') };
  const outcome = await site.install([...bundle.args, '--only', 'load'], env);
  expect(outcome).toMatchObject({ code: 10, stderr: expect.stringContaining('XDG_STATE_HOME') });
});
