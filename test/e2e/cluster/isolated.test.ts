import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Isolation, isolate } from '../../helpers/isolation.ts';
import { toolPath } from '../../helpers/tools.ts';
import type { HostOptions } from '../../install/jump-host.ts';
import { expectImages, type Site, secretOf, startSite } from './site.ts';

let site: Site;
let folder: string;
let network: Isolation;
/** The addresses of registry and cluster. */
let allowed: string[];
beforeAll(async () => {
  site = await startSite();
  folder = await mkdtemp(join(tmpdir(), 'airgap-alone-'));
  allowed = [site.target.host, site.cluster.server.replace('https://', '')].sort();
  network = await isolate(folder, allowed);
});
afterAll(async () => {
  await network?.stop();
  await site?.stop();
  if (folder) await rm(folder, { recursive: true });
});

const ways: readonly [string, HostOptions][] = [
  ['Node', { node: true }],
  ['busybox sh', { shell: 'busybox sh' }],
  ['bash --posix and helm 4', { shell: 'bash --posix', real: 'helm4' }],
];

describe.each(ways)('where registry and cluster are all there is, with %s', (_, options) => {
  test('install.sh installs, again and takes away, and speaks to nobody else', async () => {
    await site.emptyRegistry();
    await site.reset();
    const host = await site.host({ ...options, prefix: network.prefix });
    const outcome = await host.install(site.args);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect([...(await network.contacts()).keys()].sort()).toEqual(allowed);
    await expectImages(site);
    expect(await secretOf(site.cluster)).toBeDefined();

    expect(await host.install(site.args)).toMatchObject({ code: 0 });
    expect([...(await network.contacts()).keys()].sort()).toEqual(allowed);

    expect(await host.install([...site.args, '--uninstall'])).toMatchObject({ code: 0 });
    expect([...(await network.contacts()).keys()]).toEqual([allowed.find(isCluster)]);
  });

  test('with --dry-run it speaks to nobody at all', async () => {
    const host = await site.host({ ...options, prefix: network.prefix });
    expect(await host.install([...site.args, '--dry-run'])).toMatchObject({ code: 0 });
    expect([...(await network.contacts()).keys()]).toEqual([]);
  });
});

const isCluster = (host: string) => site.cluster.server.endsWith(host);

test('who speaks to somebody else is seen', async () => {
  const [command = '', ...words] = network.prefix;
  const stray = async (reference: string) => {
    const ask = [...words, toolPath('oras'), 'resolve', '--plain-http', reference];
    const env = { PATH: '/usr/bin:/bin', HOME: folder };
    await execa(command, ask, { reject: false, env, extendEnv: false });
    return [...(await network.contacts()).keys()];
  };
  expect(await stray('192.0.2.1:5000/a:1')).toEqual(['192.0.2.1:5000']);
  expect((await stray('registry.example.org/a:1')).some((name) => name.endsWith(':53'))).toBe(true);
});
