import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toolPath } from '../helpers/tools.ts';
import { expectUntouched } from './jump-host.ts';
import { makeBundle } from './make-bundle.ts';
import { type Oddity, oddBundle, setTo } from './odd-bundle.ts';
import { on } from './site.ts';

let folder: string;
let plain: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  plain = (await makeBundle({ folder, endpoint: 'registry.example.org' })).path;
});
afterAll(() => rm(folder, { recursive: true }));

const cluster = ['--only', 'secret,chart'];
const file = (path: string, text: string): Oddity => ({
  files: (bodies) => bodies.set(path, Buffer.from(text)),
});
const setting = (key: string, value: string): Oddity => ({
  files: (bodies) => {
    const text = setTo(key, value)(`${bodies.get('settings.tsv')}`);
    bodies.set('settings.tsv', Buffer.from(text));
  },
});
const credential = (user: string, password: string) =>
  file('credentials.tsv', `username\t${user}\npassword\t${password}\n`);

test.each<[message: string, code: number, odd: Oddity]>([
  ['the pull credential in the bundle is not whole', 5, credential('cHVsbGVy', '')],
  ['settings.tsv holds a name that helm and kubectl', 5, setting('pullSecret', 'ns/--name')],
  ['this install.sh is too old for the bundle', 3, setting('format', '2')],
  ['bundle.json does not name SHA256SUMS once', 5, { unnamedSums: true }],
  [
    'SHA256SUMS does not name settings.tsv',
    5,
    { sums: (text) => text.replace(/.*settings\.tsv\n/, '') },
  ],
  ['settings.tsv is not in the bundle', 5, { files: (bodies) => bodies.set('settings.tsv', null) }],
])('%s', async (message, code, odd) => {
  const bundle = await oddBundle(plain, folder, odd);
  const host = await on();
  const outcome = await host.install([bundle, '--allow-unsigned', ...cluster]);
  expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(`error: ${message}`) });
  await expectUntouched(host);
});

test.each<[message: string, odd: Oddity]>([
  ['the pull credential in the bundle is no base64', credential('cHVsbGVy', '?')],
  ['caCert is no base64', setting('caCert', '?')],
])('%s, for an openssl that says so', async (message, odd) => {
  // OpenSSL 3.0 ends with 0, and with nothing decoded.
  const openssl = `#!/bin/sh\ncase "$1 $2" in 'base64 -d') exit 1 ;; esac\nexec '${toolPath('openssl')}' "$@"\n`;
  const bundle = await oddBundle(plain, folder, odd);
  const host = await on({ programs: { openssl } });
  const outcome = await host.install([bundle, '--allow-unsigned', ...cluster]);
  expect(outcome).toMatchObject({ code: 5, stderr: expect.stringContaining(`error: ${message}`) });
  await expectUntouched(host);
});

test('a carried oras that does not run', async () => {
  const carried: Oddity = {
    files: (bodies) => {
      for (const machine of ['amd64', 'arm64'])
        bodies.set(`tools/linux-${machine}/oras`, Buffer.from('#!/bin/sh\nexit 1\n'));
    },
  };
  const host = await on({ without: ['oras'] });
  const bundle = await oddBundle(plain, folder, carried);
  const outcome = await host.install([bundle, '--allow-unsigned', '--only', 'load']);
  expect(outcome.stderr).toContain('error: the oras that the bundle carries does not run');
  expect(outcome.code).toBe(3);
  await expectUntouched(host);
});

test('a registry user with a colon', async () => {
  const host = await on();
  await writeFile(join(host.folder, 'password'), 'canary');
  const login = ['--push-username', 'a:b', '--push-password-file', 'password'];
  const allowed = ['--allow-unsigned', '--allow-plain-http-credentials'];
  const outcome = await host.install([plain, ...allowed, ...login, '--only', 'load']);
  expect(outcome.stderr).toContain('error: a registry user has no colon in its name');
  expect(outcome.code).toBe(2);
  await expectUntouched(host);
});

test('a user without a home', async () => {
  const programs = { id: '#!/bin/sh\necho 4294967294\n' };
  const host = await on({ programs });
  const env = { HOME: '' };
  const outcome = await host.install([plain, '--allow-unsigned', '--only', 'load'], env);
  expect(outcome.stderr).toContain('error: there is no place to remember what was loaded');
  expect(outcome.code).toBe(10);
  await expectUntouched(host);
});
