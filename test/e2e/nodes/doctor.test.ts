import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Check } from '../../../src/doctor/check.ts';
import { nodeChecks } from '../../../src/doctor/node/checks.ts';
import { nodeFiles } from '../../../src/install/nodes.ts';
import { parseMirrorMap } from '../../../src/mirror-map/parse.ts';
import { startNode } from '../../helpers/cri.ts';
import { pushImage } from '../../helpers/images.ts';
import { type Isolation, isolate } from '../../helpers/isolation.ts';
import { startRegistry, type TestRegistry } from '../../helpers/registry.ts';
import { type Authority, makeAuthority } from '../../helpers/tls.ts';
import { toolPath } from '../../helpers/tools.ts';
import { ways } from './ways.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let authority: Authority;
let target: TestRegistry;
let network: Isolation;
beforeAll(async () => {
  [folder, authority] = await Promise.all([
    mkdtemp(join(tmpdir(), 'airgap-nodes-')),
    makeAuthority(),
  ]);
  target = await startRegistry({ tls: await authority.issue(['IP:127.0.0.1']) });
  network = await isolate(folder, [target.host]);
  const platforms = ['linux/amd64', 'linux/arm64'];
  await pushImage(target.host, 'air/a/b', '1', { platforms, plainHttp: false, ca: authority.pem });
});
afterAll(async () => {
  await network?.stop();
  await Promise.all([target?.stop(), authority?.remove()]);
  if (folder) await rm(folder, { recursive: true, force: true });
});

type Change = (text: string) => string;

/** What doctor says of a node, and whether its containerd then pulls; the files are a bundle's with one changed. */
async function sayAndPull(
  [program, , config]: (typeof ways)[number],
  name: string,
  change: Change,
): Promise<{ checks: Check[]; pulls: boolean }> {
  const etc = await mkdtemp(join(folder, 'etc-'));
  const needs = {
    entries: parseMirrorMap(`quay.io::${target.host}/air`).entries,
    endpoint: target.host,
    plainHttp: false,
    insecureSkipVerify: false,
    caCert: authority.pem,
  };
  let changed = name === '';
  for (const { path, bytes } of nodeFiles(needs)) {
    const file = join(etc, path.replace('nodes/', ''));
    const text = bytes.toString();
    const isNamed = name !== '' && file.endsWith(`/${name}`);
    if (isNamed) changed ||= change(text) !== text;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, isNamed ? change(text) : text);
  }
  expect(changed).toBe(true);
  const checks = await nodeChecks(join(etc, config), { ...needs, login: false });
  const containerd = toolPath(program);
  const node = await startNode({ containerd, etc, config, prefix: network.prefix });
  const pulled = await node.pull('quay.io/a/b:1').catch((error: Error) => {
    // containerd has not started its CRI plugin.
    if (!error.message.includes('Unimplemented')) throw error;
    return { 'quay.io/a/b:1': 'no CRI' };
  });
  await node.stop();
  return { checks, pulls: /@sha256:/.test(pulled['quay.io/a/b:1'] ?? '') };
}

const worst = (checks: readonly Check[]) =>
  ['failure', 'warning'].find((one) => checks.some(({ status }) => status === one)) ?? 'ok';

const withoutApi: Change = (text) => text.replaceAll('/v2/', '/');
const twice: Change = (text) => text.replaceAll('/v2/', '/v2/v2/');
const plainHttp: Change = (text) => text.replaceAll('https://', 'http://');
const withoutTls: Change = (text) => plainHttp(text).replaceAll(/^ca = .*\n/gm, '');
const same: Change = (text) => text;

describe.each(ways)('%s by %s', (...way) => {
  const [, how, config] = way;
  const file = how === 'mirrors' ? config : 'hosts.toml';
  test.each<[string, string, Change, string]>([
    ['the files of a bundle', '', same, 'ok'],
    ["the page's spelling", file, withoutApi, 'failure'],
    ['/v2/ twice', file, twice, 'failure'],
    [
      'plain HTTP at a target with TLS',
      file,
      how === 'mirrors' ? plainHttp : withoutTls,
      'failure',
    ],
    ['another source alone', file, (text) => text.replaceAll('/air', '/else'), 'failure'],
    ['no CA', file, (text) => text.replaceAll(/^ca(_file)? = .*\n/gm, ''), 'warning'],
  ])('%s', async (_, name, change, status) => {
    const { checks, pulls } = await sayAndPull(way, name, change);
    expect(worst(checks), JSON.stringify(checks)).toBe(status);
    expect(pulls, JSON.stringify(checks)).toBe(status === 'ok');
  });
});

const hostsWays = ways.filter(([, how]) => how === 'hosts.toml');
describe.each(hostsWays)('%s by %s', (...way) => {
  const [program, , config] = way;
  const isSecond = config === 'config-path-v3.toml';
  const plugin = isSecond ? 'io.containerd.cri.v1.images' : 'io.containerd.grpc.v1.cri';
  const mirrors = `[plugins."${plugin}".registry.mirrors."quay.io"]\nendpoint = ["https://h"]\n`;
  const list: Change = (text) => text.replace(/("\/etc[^"]*)"/, '$1:/etc/docker/certs.d"');
  test.each<[string, string, Change, string, boolean]>([
    [
      'no override_path',
      'hosts.toml',
      (text) => text.replaceAll(/^override.*\n/gm, ''),
      'failure',
      false,
    ],
    ['mirrors beside config_path', config, (text) => `${text}\n${mirrors}`, 'failure', false],
    [
      'no [host]',
      'hosts.toml',
      (text) => text.replace(/^\[host[\s\S]*/m, ''),
      isSecond ? 'ok' : 'warning',
      isSecond,
    ],
    ['no server', 'hosts.toml', (text) => text.replace(/^server.*\n/m, ''), 'warning', true],
    [
      'no right to resolve',
      'hosts.toml',
      (text) => text.replaceAll(', "resolve"', ''),
      'failure',
      false,
    ],
    [
      'an unknown capability',
      'hosts.toml',
      (text) => text.replace('"resolve"', '"see"'),
      'failure',
      false,
    ],
    [
      'a CA that is not there',
      'hosts.toml',
      (text) => text.replaceAll('../ca', '../gone'),
      'failure',
      false,
    ],
    [
      'a right address behind a wrong one',
      'hosts.toml',
      (text) =>
        text.replace('[host', `[host."https://${target.host}/air"]\nca = "../ca.crt"\n[host`),
      'warning',
      true,
    ],
    ['a broken hosts.toml', 'hosts.toml', (text) => `${text}\nca`, 'failure', false],
    ['a list of folders', config, list, isSecond ? 'failure' : 'ok', !isSecond],
    [
      'a list of folders, pulled by CRI itself',
      config,
      (text) =>
        `${list(text)}${isSecond ? `[plugins."${plugin}"]\nuse_local_image_pull = true\n` : ''}`,
      'ok',
      true,
    ],
    [
      'neither config_path nor mirrors',
      config,
      (text) => text.replace(/^config_path.*/m, ''),
      'failure',
      false,
    ],
    [
      'tls beside config_path',
      config,
      (text) => `${text}\n[plugins."${plugin}".registry.configs."h".tls]\nca_file = "/none"\n`,
      isSecond ? 'warning' : 'failure',
      isSecond,
    ],
    [
      'plain HTTP with settings for TLS',
      'hosts.toml',
      plainHttp,
      'warning',
      program !== 'containerd',
    ],
    [
      'CRI turned off',
      config,
      (text) => `disabled_plugins = ["${plugin}"]\n${text}`,
      'failure',
      false,
    ],
    [
      'another version of the file',
      config,
      (text) => text.replace(/version = ./, isSecond ? 'version = 2' : 'version = 1'),
      'failure',
      isSecond,
    ],
  ])('%s', async (_, name, change, status, pulls) => {
    const said = await sayAndPull(way, name, change);
    expect(worst(said.checks), JSON.stringify(said.checks)).toBe(status);
    expect(said.pulls, JSON.stringify(said.checks)).toBe(pulls);
  });
});

test('containerd 2 reads mirrors too, and not what they say of TLS', async () => {
  const newer: Change = (text) =>
    text
      .replace('version = 2', 'version = 3')
      .replaceAll('io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images');
  const way: (typeof ways)[number] = ['containerd-2', 'mirrors', 'config.toml'];
  const { checks, pulls } = await sayAndPull(way, 'config.toml', newer);
  const statuses = checks.map(({ check, status }) => [check, status]);
  expect(Object.fromEntries(statuses)).toMatchObject({
    'node-config': 'warning',
    'node-endpoints': 'ok',
    'node-trust': 'warning',
  });
  expect(pulls).toBe(false);
});
