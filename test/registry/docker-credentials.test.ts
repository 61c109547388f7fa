import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dockerCredentials } from '../../src/registry/docker-credentials.ts';
import { context } from './context.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'airgap-home-'));
  await mkdir(join(home, '.docker'));
});
afterEach(() => rm(home, { recursive: true }));

const basic = (text: string) => Buffer.from(text).toString('base64');

async function configured(config: object | string, env: Readonly<Record<string, string>> = {}) {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  await writeFile(join(home, '.docker', 'config.json'), text);
  return dockerCredentials(context({ env: { HOME: home, ...env } }));
}

describe('auths', () => {
  const ann = { username: 'ann', password: 'a:b' };
  test.each([
    { key: 'r.example.org', host: 'r.example.org', found: true },
    { key: 'https://r.example.org', host: 'r.example.org', found: true },
    { key: 'https://r.example.org/v2/', host: 'r.example.org', found: true },
    { key: 'http://r.example.org:5000/v1/', host: 'r.example.org:5000', found: true },
    { key: 'https://index.docker.io/v1/', host: 'docker.io', found: true },
    { key: 'docker.io', host: 'docker.io', found: true },
    { key: 'r.example.org', host: 'r.example.org:5000', found: false },
    { key: 'r.example.org:5000', host: 'r.example.org', found: false },
    { key: 'r.example.org', host: 'other.r.example.org', found: false },
    { key: 'other.r.example.org', host: 'r.example.org', found: false },
    { key: 'docker.io.example.org', host: 'docker.io', found: false },
    { key: 'https://evil.example.com/r.example.org', host: 'r.example.org', found: false },
    { key: '__proto__', host: 'constructor', found: false },
  ])('key $key is for $host: $found', async ({ key, host, found }) => {
    const credential = await configured({ auths: { [key]: { auth: basic('ann:a:b') } } });
    expect(await credential(host)).toEqual(found ? ann : undefined);
  });

  test('an exact key wins over one with a path', async () => {
    const credential = await configured({
      auths: {
        'https://h/v2/': { auth: basic('path:p') },
        h: { auth: basic('exact:p') },
      },
    });
    expect(await credential('h')).toEqual({ username: 'exact', password: 'p' });
  });

  test.each([
    [
      { username: 'ann', password: 'x' },
      { username: 'ann', password: 'x' },
    ],
    [{ auth: basic('ann:'), identitytoken: 'idt' }, { identityToken: 'idt' }],
    [{}, undefined],
    [{ auth: '' }, undefined],
  ])('entry %j', async (entry, expected) => {
    const credential = await configured({ auths: { h: entry } });
    expect(await credential('h')).toEqual(expected);
  });
});

describe('the file', () => {
  test('is absent: anonymous', async () => {
    expect(await dockerCredentials(context({ env: { HOME: home } }))('h')).toBeUndefined();
    expect(await dockerCredentials(context())('h')).toBeUndefined();
  });

  test('is in DOCKER_CONFIG where that is set', async () => {
    await writeFile(
      join(home, 'config.json'),
      JSON.stringify({ auths: { h: { auth: basic('b:c') } } }),
    );
    const credential = await configured({}, { DOCKER_CONFIG: home });
    expect(await credential('h')).toEqual({ username: 'b', password: 'c' });
  });

  test.each([
    '{"auths": {"h": {"auth": "canary',
    '{"auths": ["canary"]}',
    '{"auths": {"h": {"auth": 12345678}}}',
    `{"auths": {"h": {"auth": "${basic('canary')}"}}}`,
  ])('is broken: %s', async (text) => {
    const credential = await configured(text);
    const error = await credential('h').catch((thrown) => thrown);
    expect(error).toMatchObject({ class: 'usage' });
    const said = JSON.stringify({ ...error, message: error.message, stack: error.stack });
    expect(said).not.toContain('canary');
    expect(said).not.toContain(basic('canary'));
  });
});

describe('helpers, run for real', () => {
  /** A credential helper on PATH, in the protocol of docker-credential-helpers; writes down who asked. */
  async function install(name: string, answers: Readonly<Record<string, string>>) {
    const bin = join(home, 'bin');
    await mkdir(bin, { recursive: true });
    const cases = Object.entries(answers).map(([host, answer]) => `'${host}') ${answer} ;;`);
    const script = `#!/bin/sh
[ "$1" = get ] || exit 2
server=$(cat)
echo "$server" >> '${home}/asked'
case "$server" in
${cases.join('\n')}
*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`;
    await writeFile(join(bin, `docker-credential-${name}`), script);
    await chmod(join(bin, `docker-credential-${name}`), 0o755);
    return { PATH: [bin, process.env.PATH].join(delimiter) };
  }

  const says = (username: string, secret: string) =>
    `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`;

  test('credsStore answers for its hosts, auths for the rest', async () => {
    const env = await install('store', {
      h: says('ann', 'from store'),
      'token.h': says('<token>', 'idt'),
      'https://index.docker.io/v1/': says('hub', 'p'),
      'empty.h': says('', ''),
    });
    const auths = { 'file.h': { auth: basic('file:p') }, h: { auth: basic('never:used') } };
    const credential = await configured({ credsStore: 'store', auths }, env);
    expect(await credential('h')).toEqual({ username: 'ann', password: 'from store' });
    expect(await credential('token.h')).toEqual({ identityToken: 'idt' });
    expect(await credential('docker.io')).toEqual({ username: 'hub', password: 'p' });
    expect(await credential('file.h')).toEqual({ username: 'file', password: 'p' });
    expect(await credential('empty.h')).toBeUndefined();
    expect(await credential('unknown.h')).toBeUndefined();
  });

  test('credHelpers come before credsStore, each for its own host', async () => {
    await install('one', { 'one.h': says('one', 'p') });
    const env = await install('store', { 'two.h': says('two', 'p') });
    const config = { credHelpers: { 'one.h': 'one' }, credsStore: 'store' };
    const credential = await configured(config, env);
    expect(await credential('one.h')).toEqual({ username: 'one', password: 'p' });
    expect(await credential('two.h')).toEqual({ username: 'two', password: 'p' });
  });

  test('helpers get the environment, but none of our secrets and inputs', async () => {
    const says = `env > '${home}/env'; echo '{"Username":"u","Secret":"$CLOUD"}'`;
    const env = await install('store', { h: says });
    const secrets = { AIRGAP_BUNDLE_PUSH_PASSWORD: 'canary', INPUT_KEY: 'canary' };
    const credential = await configured(
      { credsStore: 'store' },
      { ...env, ...secrets, CLOUD: 'x' },
    );
    await credential('h');
    const seen = await readFile(join(home, 'env'), 'utf8');
    expect(seen).toContain('CLOUD=x');
    expect(seen).not.toContain('canary');
  });

  test('a host is asked for once', async () => {
    const env = await install('store', { h: says('ann', 'p') });
    const credential = await configured({ credsStore: 'store' }, env);
    await Promise.all([credential('h'), credential('h')]);
    await credential('h');
    expect(await readFile(join(home, 'asked'), 'utf8')).toBe('h\n');
  });

  test.each([
    { title: 'missing', helper: 'none', class_: 'tool', given: 'not found on PATH' },
    { title: 'failing', helper: 'bad', class_: 'authentication', given: 'keychain is locked' },
    { title: 'babbling', helper: 'odd', class_: 'authentication', given: 'not its protocol' },
    { title: 'a path', helper: '../x', class_: 'usage', given: 'not the name' },
  ])('$title: $class_', async ({ helper, class_, given }) => {
    await install('bad', { h: "echo 'keychain is locked' >&2; exit 1" });
    const env = await install('odd', { h: 'echo hello' });
    const credential = await configured({ credsStore: helper }, env);
    await expect(credential('h')).rejects.toMatchObject({
      class: class_,
      given: expect.stringContaining(given),
    });
  });
});
