import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { programPath } from '../../src/install/assets.ts';
import { digestOfReference } from '../helpers/ask.ts';
import { expectUntouched, type JumpHost, type Shell, shells } from './jump-host.ts';
import { bundleFor, on, registry } from './site.ts';

const names = Object.keys(shells) as Shell[];
const node = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
const signed = 'harbor.example.org';

const bundle = async (program?: string) =>
  bundleFor(signed, { program: program ?? (await readFile(programPath(), 'utf8')) });

/** Writes a site file for the registry, and returns the flags that name it. */
async function siteFile(host: JumpHost, endpoint: string, fields = {}): Promise<string[]> {
  const path = join(host.folder, 'a site', "it's $(touch pwned).yaml");
  await mkdir(join(host.folder, 'a site'), { recursive: true });
  const content = {
    ociImageRegistry: { endpoint, baseContentPath: 'here', ...fields },
    registries: { [endpoint]: { plainHttp: true } },
  };
  await writeFile(path, dump(content));
  return ['--site', path];
}

describe.each(names)('--site under %s', (shell) => {
  test('loads into the registry of this site, and says that it is not signed', async () => {
    const target = await registry();
    const made = await bundle();
    const host = await on({ shell, programs: { node } });
    const site = await siteFile(host, target.host);
    const outcome = await host.install([...made.args, ...site, '--only', 'load']);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain(`Registry ${target.host}\n`);
    expect(outcome.stdout).toContain(
      `${target.host}/here by ${site[1]}, NOT SIGNED: the bundle was made for ${signed}/airgap\n`,
    );
    for (const [reference, digest] of made.placements) {
      const here = reference.replace(`${signed}/airgap`, `${target.host}/here`);
      expect(await digestOfReference(target.host, here), here).toBe(digest);
    }
    expect(await host.leftovers()).toEqual([]);
    await expect(readFile(join(host.folder, 'pwned'))).rejects.toThrow('ENOENT');
  });

  test('--dry-run shows it, and contacts nothing', async () => {
    const target = await registry();
    const made = await bundle();
    const host = await on({ shell, programs: { node } });
    const site = await siteFile(host, target.host);
    const outcome = await host.install([...made.args, ...site, '--dry-run', '--only', 'load']);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain(`NOT SIGNED: the bundle was made for ${signed}/airgap\n`);
    expect(outcome.stdout).toMatch(/would run: node '?bundle\.js'? load .* --site /);
    expect(target.requests()).toEqual([]);
    await expectUntouched(host);
  });
});

describe('--site', () => {
  test.each<[string, string | undefined, object, string]>([
    ['without Node', undefined, {}, 'no such Node on PATH'],
    ['of a bundle without bundle.js', '', { programs: { node } }, 'no bundle.js in the bundle'],
  ])('%s is exit 3, and says that it needs both', async (_, program, options, given) => {
    const made = program === '' ? await bundleFor(signed) : await bundle(program);
    const host = await on(options);
    const site = await siteFile(host, 'registry.example');
    const outcome = await host.install([...made.args, ...site]);
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(/--site needs Node on this host and bundle\.js in the bundle/);
    expect(outcome.stderr).toContain(given);
    await expectUntouched(host);
  });

  test('with a bundle that is another one by then is exit 5', async () => {
    const [made, other] = [
      await bundle(),
      await bundleFor(signed, { inventory: { version: '9.9.9' } }),
    ];
    const swapping = `#!/bin/sh\ncase "$*" in *derive*) cp '${other.path}' '${made.path}' ;; esac\n${node.slice(10)}`;
    const host = await on({ programs: { node: swapping } });
    const site = await siteFile(host, 'registry.example');
    const outcome = await host.install([...made.args, ...site, '--only', 'load']);
    expect(outcome, outcome.stderr).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('the bundle was changed while it was read'),
    });
    await expectUntouched(host);
  });

  test('that is not there is nothing to --uninstall', async () => {
    const [made, host] = [await bundle(), await on()];
    const outcome = await host.install([
      ...made.args,
      '--site',
      'none',
      '--uninstall',
      '--dry-run',
    ]);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  });

  test('that is not there is told before the bundle is looked at', async () => {
    const host = await on();
    const outcome = await host.install(['none.tar', '--allow-unsigned', '--site', 'none.yaml']);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain('the site file cannot be read');
    expect(outcome.stderr).toContain(join(host.folder, 'none.yaml'));
  });

  test.each<[string, object, RegExp]>([
    ['an unknown field', { endpoints: 'x.example' }, /unknown field ociImageRegistry\.endpoints/],
    ['a scheme', { endpoint: 'https://x.example' }, /ociImageRegistry\.endpoint is not host/],
    [
      'a map that leads outside',
      { mirrorRegistries: 'docker.io::elsewhere.example/x' },
      /outside-target: mirror map 1:1/,
    ],
  ])('with %s is exit 2, before anything is run', async (_, fields, error) => {
    const made = await bundle();
    const host = await on({ programs: { node } });
    const site = await siteFile(host, 'registry.example', fields);
    const outcome = await host.install([...made.args, ...site]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringMatching(error) });
    await expectUntouched(host);
  });

  test('is not looked at by --uninstall', async () => {
    const made = await bundle();
    const host = await on({ without: ['kubectl', 'helm'] });
    const site = await siteFile(host, 'registry.example');
    const outcome = await host.install([...made.args, ...site, '--uninstall', '--dry-run']);
    expect(outcome.code, outcome.stderr).toBe(0);
  });
});
