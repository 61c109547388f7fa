import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { RegistryAccess } from '../../src/registry/access.ts';
import { loginFile, openOrasAccess } from '../../src/transfer/oras-access.ts';
import { copyArguments } from '../../src/transfer/oras-process.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { type Sample, type Setting, startSetting } from './setting.ts';

describe('the login file', () => {
  const login = { username: 'u', password: 'p:ä' };
  const auth = Buffer.from('u:p:ä').toString('base64');
  test.each([
    ['nobody', 'r.example:5000', undefined, { auths: {} }],
    ['a user', 'r.example:5000', login, { auths: { 'r.example:5000': { auth } } }],
    ['Docker Hub', 'docker.io', login, { auths: { 'https://index.docker.io/v1/': { auth } } }],
    [
      'an identity token',
      'r.example',
      { identityToken: 't' },
      { auths: { 'r.example': { identitytoken: 't' } } },
    ],
  ])('for %s', (_, host, credential, expected) => {
    expect(loginFile(host, credential)).toEqual(expected);
  });
});

describe('the login of a registry', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ['with TLS', 'r.example', {}, false, true],
    ['with plain HTTP on this machine', '127.0.0.1:5000', { plainHttp: true }, false, true],
    ['with plain HTTP elsewhere', 'r.example:5000', { plainHttp: true }, false, false],
    ['with plain HTTP elsewhere, allowed', 'r.example:5000', { plainHttp: true }, true, true],
  ])('%s is handed to oras or not', async (_, host, access, allowPlainHttpCredentials, given) => {
    const client = { host, access } as ReturnType<Setting['client']>;
    const credential = async () => ({ username: 'u', password: 'p' });
    const logins = { scratch: folder, credential, allowPlainHttpCredentials };
    const orasAccess = await openOrasAccess(logins, {});
    const [flag = ''] = await orasAccess.flags('to', client);
    const file = await readFile(flag.replace('--to-registry-config=', ''), 'utf8');
    await orasAccess.close();
    expect(Object.keys(JSON.parse(file).auths)).toEqual(given ? [host] : []);
  });
});

describe('a target that speaks TLS', () => {
  let authority: Authority;
  let setting: Setting;
  let target: TestRegistry;
  let sample: Sample;
  beforeAll(async () => {
    authority = await makeAuthority();
    setting = await startSetting();
    target = await startRegistry({ tls: await authority.issue(['IP:127.0.0.1']) });
    sample = await setting.push('one', { layers: ['one'] });
  });
  afterAll(async () => {
    await target.stop();
    await setting.stop();
    await authority.remove();
  });

  const run = async (path: string, access: RegistryAccess) => {
    const result = await setting.run(setting.job(target.host, [[sample, path]], { access }));
    return result.images[0]?.placements[0];
  };

  test('is trusted by its own CA, by us and by oras', async () => {
    expect(await run('m/ca:1', { caCert: authority.pem })).toMatchObject({ state: 'copied' });
  });

  test('is not verified where that was asked for', async () => {
    expect(await run('m/skip:1', { insecureSkipVerify: true })).toMatchObject({ state: 'copied' });
  });

  test('is refused without its CA, before oras runs', async () => {
    const placement = await run('m/none:1', {});
    expect(placement).toMatchObject({ state: 'failed', error: { class: 'usage' } });
  });
});

describe('argv of a copy', () => {
  const digest = digestOf(Buffer.from('x'));
  const client = { host: 'r.example' } as ReturnType<Setting['client']>;

  test('from a registry, by digest and without a tag', () => {
    const to = { client, repository: 'm/x' };
    const copy = { digest, from: { client, repository: 's/x' }, to, atOnce: 1 };
    expect(copyArguments(copy, ['--flag'])).toEqual([
      'cp',
      '--force',
      '--no-tty',
      '--flag',
      '--',
      `r.example/s/x@${digest}`,
      'r.example/m/x',
    ]);
  });

  test('from a tar: through the descriptor, never its path', () => {
    const to = { client, repository: 'm/x', tag: '1' };
    const words = copyArguments({ digest, from: { fd: 9, path: '/b.tar' }, to, atOnce: 1 }, []);
    expect(words.slice(-2)).toEqual([`/proc/self/fd/0@${digest}`, 'r.example/m/x:1']);
  });
});
