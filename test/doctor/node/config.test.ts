import { describe, expect, test } from 'vitest';
import { checksOf, configPath, mirrors, named, needs, right, statusesOf } from './site.ts';

const cri = 'io.containerd.grpc.v1.cri';
const images = 'io.containerd.cri.v1.images';
const table = (plugin: string) =>
  `[plugins."${plugin}".registry.mirrors."docker.io"]\nendpoint = ["${right}"]\n`;
const certs = {
  'certs.d/docker.io/hosts.toml': `server = "${right}"\noverride_path = true\n[host."${right}"]\noverride_path = true\n`,
};

test.each([
  ['nothing of a version', 'cri', ''],
  ['version 1', 'cri', 'version = 1\n'],
  ['version 2', cri, 'version = 2\n'],
  ['version 3', images, 'version = 3\n'],
  ['version 4', images, 'version = 4\n'],
])('a file with %s is read by the name of its time', async (_, plugin, version) => {
  const checks = await checksOf({ 'config.toml': `${version}${table(plugin)}` });
  expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(['ok']));
  expect(named(checks, 'node-config').evidence).toContain('the node reads mirrors, 1 of them');
});

test.each([
  ['mirrors', mirrors(right), 'the node reads mirrors'],
  [
    'config_path',
    configPath('ETC/certs.d'),
    'the node reads config_path, ETC/certs.d, and no mirrors',
  ],
  [
    'an empty config_path and mirrors',
    `${mirrors(right)}[plugins."${cri}".registry]\nconfig_path = ""\n`,
    'the node reads mirrors',
  ],
  [
    'config_path and empty mirrors',
    `${configPath('ETC/certs.d')}[plugins."${cri}".registry.mirrors]\n`,
    'the node reads config_path',
  ],
])('with %s, it is said what is read', async (_, text, words) => {
  const check = named(await checksOf({ 'config.toml': text, ...certs }), 'node-config');
  expect(check).toMatchObject({ status: 'ok', cure: '' });
  expect(check.evidence).toContain(words);
});

describe('what leads nowhere whatever the addresses are', () => {
  const both = `${mirrors(right)}[plugins."${cri}".registry]\nconfig_path = "ETC/certs.d"\n`;
  const tls = `[plugins."${cri}".registry.configs."h.example.org".tls]\ninsecure_skip_verify = true\n`;
  test.each([
    ['mirrors and config_path', both, 'both mirrors and config_path'],
    [
      'both, for containerd 2',
      both.replaceAll(cri, images).replace('= 2', '= 3'),
      'both mirrors and config_path',
    ],
    ['config_path and tls', `${configPath('ETC/certs.d')}${tls}`, 'do not start'],
    ['neither', 'version = 2\n', 'neither mirrors nor config_path'],
    ['neither, for containerd 2', 'version = 3\n', 'neither mirrors nor config_path'],
    ['an empty file', '', 'neither mirrors nor config_path'],
    ['CRI turned off', `disabled_plugins = ["cri"]\n${table('cri')}`, 'turns CRI off'],
    [
      'CRI turned off by its long name',
      `disabled_plugins = ["${cri}"]\n${mirrors(right)}`,
      'turns CRI off',
    ],
    ['the name of version 2 and no version', table(cri), 'do not read plugins'],
    ['the name of version 3 in version 2', `version = 2\n${table(images)}`, 'do not read plugins'],
    [
      'the name of version 1 in version 2',
      `${mirrors(right)}${table('cri')}`,
      'do not read plugins',
    ],
    [
      'a list for containerd 2',
      configPath('ETC/certs.d:/etc/docker/certs.d', 3),
      'takes it for the name of one folder',
    ],
  ])('%s', async (_, text, words) => {
    const checks = await checksOf({ 'config.toml': text, ...certs });
    expect(checks.map(({ check, status }) => [check, status])).toEqual([
      ['node-config', 'failure'],
    ]);
    expect(checks[0]?.evidence).toContain(words);
    expect(checks[0]?.cure).not.toBe('');
  });
});

test.each([
  ['that pulls itself', `use_local_image_pull = true\n[plugins."${images}".registry]`],
  ['of version 2', undefined],
])('a list is read by a containerd %s', async (_, head) => {
  const text = head
    ? configPath('ETC/certs.d:/etc/docker/certs.d', 3).replace(
        /\[.*\]/,
        `[plugins."${images}"]\n${head}`,
      )
    : configPath('ETC/certs.d:/etc/docker/certs.d');
  expect(statusesOf(await checksOf({ 'config.toml': text, ...certs }))).toMatchObject({
    'node-config': 'ok',
    'node-endpoints': 'ok',
  });
});

test.each([
  ['the name of version 2 in version 3', `version = 3\n${table(cri)}`, '2.1 does not'],
  [
    'tls for containerd 2',
    `version = 3\n${table(images)}[plugins."${images}".registry.configs."x".tls]\n`,
    'does not read tls',
  ],
  ['a version to come', `version = 9\n${table(images)}`, 'version 9 is not known'],
  [
    'an import that is not here',
    `imports = ["/etc/containerd/gone.toml"]\n${mirrors(right)}`,
    'imports /etc/containerd/gone.toml',
  ],
])('%s is a warning', async (_, text, words) => {
  const checks = await checksOf({ 'config.toml': text });
  expect(statusesOf(checks)).toMatchObject({ 'node-config': 'warning', 'node-endpoints': 'ok' });
  expect(named(checks, 'node-config').evidence).toContain(words);
});

describe('imports', () => {
  const importing = (what: string) => `version = 2\nimports = ["${what}"]\n`;
  test.each([
    ['a file beside it', 'more.toml', 'more.toml'],
    ['a pattern', 'conf.d/*.toml', 'conf.d/a.toml'],
    ['an absolute pattern', 'ETC/c*.d/?.t*', 'conf.d/a.toml'],
    ['what was copied with /etc/containerd', '/etc/containerd/conf.d/*.toml', 'conf.d/a.toml'],
  ])('of %s are followed', async (_, what, path) => {
    const checks = await checksOf({ 'config.toml': importing(what), [path]: mirrors(right) });
    expect(statusesOf(checks)).toMatchObject({ 'node-config': 'ok', 'node-endpoints': 'ok' });
    expect(named(checks, 'node-config').evidence).toContain(
      `ETC/config.toml, ETC/${path}: version 2`,
    );
  });

  test('that lead round in a circle end', async () => {
    const files = { 'config.toml': importing('more.toml'), 'more.toml': importing('config.toml') };
    expect(statusesOf(await checksOf(files))).toEqual({ 'node-config': 'failure' });
  });

  test.each(['x/*/y*', '[z-a]*', '*'])(
    'of %s, which is nothing or itself, are nothing',
    async (what) => {
      const files = {
        'config.toml': `${importing(what)}${mirrors(right).replace('version = 2\n', '')}`,
      };
      expect(statusesOf(await checksOf(files))).toMatchObject({ 'node-config': 'ok' });
    },
  );

  test('take the place of the whole plugin up to version 2, and of single values from 3 on', async () => {
    const more = (plugin: string) => `[plugins."${plugin}"]\nmax_concurrent_downloads = 4\n`;
    const older = { 'config.toml': `${importing('m.toml')}${table(cri)}`, 'm.toml': more(cri) };
    expect(statusesOf(await checksOf(older))).toEqual({ 'node-config': 'failure' });
    const main = importing('m.toml').replace('2', '3');
    const newer = { 'config.toml': `${main}${table(images)}`, 'm.toml': more(images) };
    expect(statusesOf(await checksOf(newer))).toMatchObject({ 'node-endpoints': 'ok' });
  });
});

describe('what is no configuration of a node', () => {
  const failing = (files: Record<string, string>, given?: string) =>
    checksOf(files, needs(), given).then(
      () => ({}),
      (error: unknown) => error,
    );

  test.each([
    ['endpoint = ["https://h"', 'config.toml:1:', 'endpoint = ["https://h"'],
    ['[plugins', 'config.toml:1:', '[plugins'],
    ['\n\n[a]\npassword = "canary', 'config.toml:4:', 'password = …'],
    ["auth = '''\ncanary\u0000", 'config.toml:2:', '…'],
    ['endpoint = ["https://u:canary@h"', 'config.toml:1:', 'endpoint = …'],
    ['endpoint = ["https://u:canary', 'config.toml:1:', 'endpoint = …'],
    ['[host."https://u:canary"', 'config.toml:1:', '…'],
    ['version = 2 password = "canary"', 'config.toml:1:', 'version = …'],
    ['"canary', 'config.toml:1:', '…'],
  ])('%j: place and line are said, and no secret', async (text, place, line) => {
    const error = await failing({ 'config.toml': text });
    expect(error).toMatchObject({
      class: 'usage',
      message: expect.stringContaining(place),
      given: line,
    });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary');
  });

  test.each<[string, Record<string, string>, string, RegExp]>([
    ['a file that is not there', { x: '' }, 'config.toml', /is not there/],
    [
      'a file that is too large',
      { 'config.toml': `#${' '.repeat(4 << 20)}` },
      'config.toml',
      /too large/,
    ],
    ['a folder without hosts.toml', { 'a/b': '' }, '.', /no certs\.d/],
    ['the folder of a single host', { 'docker.io/hosts.toml': '' }, 'docker.io', /no certs\.d/],
    [
      'an import that is not TOML',
      { 'config.toml': 'imports = ["x"]', x: '=' },
      'config.toml',
      /x:1:1 is not TOML/,
    ],
  ])('%s', async (_, files, given, message) => {
    expect(await failing(files, given)).toMatchObject({
      class: 'usage',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['version = "2"', 'version: '],
    ['version = 2.5', 'version: '],
    ['imports = "x"', 'imports: '],
    ['plugins = []', 'plugins: '],
    ['[[plugins]]', 'plugins: '],
    ['version = 2\nplugins."io.containerd.grpc.v1.cri" = 1', 'plugins.io.containerd.grpc.v1.cri: '],
    ['plugins.cri.registry = 1', 'registry: '],
    ['plugins.cri.registry.mirrors = [1]', 'mirrors: '],
    ['plugins.cri.registry.mirrors."docker.io" = "x"', 'mirrors.docker.io: '],
    ['plugins.cri.registry.mirrors."docker.io".endpoint = "canary"', 'endpoint: '],
    ['plugins.cri.registry.config_path = ["/etc"]', 'config_path: '],
    ['plugins.cri.registry.configs.h.auth.password = 12345', 'password: '],
  ])('%j is TOML that containerd does not take', async (text, words) => {
    const checks = await checksOf({ 'config.toml': text });
    expect(checks).toMatchObject([{ check: 'node-config', status: 'failure' }]);
    expect(checks[0]?.evidence).toContain(words);
    expect(checks[0]?.evidence).not.toMatch(/canary|12345/);
  });
});

test('a map of which containerd knows nothing wants nothing', async () => {
  const checks = await checksOf({ 'config.toml': mirrors(right) }, needs({ map: 'default::h/x' }));
  expect(statusesOf(checks)).toEqual({ 'node-config': 'ok', 'node-endpoints': 'skipped' });
});
