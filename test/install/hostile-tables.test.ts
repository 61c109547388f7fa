import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { expectUntouched, type JumpHost, makeJumpHost } from './jump-host.ts';
import { makeBundle } from './make-bundle.ts';
import { oddBundle, setTo } from './odd-bundle.ts';

let folder: string;
let plain: string;
let registry: TestRegistry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  plain = (await makeBundle({ folder, endpoint: 'registry.example.org' })).path;
  registry = await startRegistry();
});
afterAll(async () => {
  await registry.stop();
  await rm(folder, { recursive: true });
});

let site: JumpHost;
afterEach(() => site.remove());

const withSettings = (change: (text: string) => string) => withTable('settings.tsv', change);

function withTable(name: string, change: (text: string) => string, from = plain): Promise<string> {
  return oddBundle(from, folder, {
    files: (bodies) => bodies.set(name, Buffer.from(change(`${bodies.get(name)}`))),
  });
}

describe('settings of a bundle that was allowed unsigned cannot reach beyond it', () => {
  test.each<[string, (text: string) => string, RegExp]>([
    ['a chart that climbs', setTo('chart', '../../pwned'), /would leave its folder/],
    ['a chart by its whole path', setTo('chart', '/tmp/pwned'), /would leave its folder/],
    ['a flag as release', setTo('release', '--post-renderer=/bin/sh'), /helm does not take/],
    ['a flag as namespace', setTo('namespace', '--kubeconfig=x'), /helm does not take/],
    ['a list as key', setTo('registryKey', 'a=b,c'), /helm does not take/],
    ['a shell word as name', setTo('name', '$(touch pwned)'), /no tool takes/],
    ['a flag as endpoint', setTo('endpoint', '--config x'), /no tool takes/],
  ])('%s', async (_, change, message) => {
    site = await makeJumpHost();
    const outcome = await site.install([await withSettings(change), '--allow-unsigned', '--yes']);
    expect(outcome).toMatchObject({ code: 5, stderr: expect.stringMatching(message) });
    await expectUntouched(site);
  });

  test('what these start from is taken', async () => {
    site = await makeJumpHost();
    const same = await withSettings((text) => text);
    const outcome = await site.install([same, '--allow-unsigned', '--only', 'secret,chart']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a list of placements of a bundle that was allowed unsigned runs nothing', () => {
  const row = (at: number, value: string) => (text: string) =>
    text.replace(/^.*$/m, (line) => line.split('\t').with(at, value).join('\t'));
  test.each<[string, (text: string) => string]>([
    ['a command as digest', row(0, '$(touch pwned)')],
    ['a flag as digest', row(0, '--from-registry-config=/dev/null')],
    ['a command as media type', row(1, '`touch pwned`')],
    ['a command as repository', row(2, 'a;touch pwned')],
    ['a flag as repository', row(2, '-o pwned')],
    ['a command as tag', row(3, '$(touch pwned)')],
    ['a command as source', row(5, '";touch pwned;"')],
    ['no fields', (text) => `$(touch pwned)\n${text}`],
  ])('%s', async (_, change) => {
    // oras refuses such names by itself, which install.sh takes for a failure that may pass.
    site = await makeJumpHost({ programs: { sleep: '#!/bin/sh\n' } });
    const own = await mkdtemp(join(folder, 'own-'));
    const from = (await makeBundle({ folder: own, endpoint: registry.host })).path;
    const path = await withTable('images.tsv', change, from);
    const outcome = await site.install([path, '--allow-unsigned', '--only', 'load']);
    expect(outcome.stdout).toContain('Loading the images');
    expect(outcome.code).not.toBe(1);
    expect(await readdir(site.folder)).not.toContain('pwned');
    await expectUntouched(site);
  });
});
