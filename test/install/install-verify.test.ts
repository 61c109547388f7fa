import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { programPath } from '../../src/install/assets.ts';
import type { InventoryHead } from '../../src/install/tables.ts';
import { expectUntouched, type HostOptions, type JumpHost, makeJumpHost } from './jump-host.ts';
import { type BundleOptions, type KeyType, keyPair, makeBundle } from './make-bundle.ts';

// Nothing listens there: whatever is refused here is refused before the registry is asked.
const endpoint = 'registry.example.org';
const verifyOnly = ['--skip', 'load,secret,chart,check'];

let folder: string;
let path: string;
let pub: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  path = (await makeBundle({ folder, endpoint, key: 'ed25519' })).path;
  pub = keyPair(folder, 'ed25519').pub;
});
afterAll(() => rm(folder, { recursive: true }));

let site: JumpHost;
afterEach(() => site.remove());
async function on(options?: HostOptions): Promise<JumpHost> {
  site = await makeJumpHost(options);
  return site;
}
async function another(options: Partial<BundleOptions>): Promise<string> {
  const own = await mkdtemp(join(folder, 'other-'));
  // The same key pair for all.
  for (const type of ['ed25519', 'ecdsa-p256']) {
    for (const end of ['key', 'pub']) {
      keyPair(folder, type as KeyType);
      await copyFile(join(folder, `${type}.${end}`), join(own, `${type}.${end}`));
    }
  }
  return (await makeBundle({ folder: own, endpoint, key: 'ed25519', ...options })).path;
}

describe('the signature', () => {
  test.each<[KeyType]>([['ed25519'], ['ecdsa-p256']])('%s is accepted', async (key) => {
    const signed = await another({ key });
    const outcome = await (await on()).install([
      signed,
      '--key',
      keyPair(folder, key).pub,
      ...verifyOnly,
    ]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain(`signed by the ${key} key SHA256:`);
  });

  test('one of several keys is enough, also with CRLF', async () => {
    const stranger = await strangerKey();
    await writeFile(
      join(folder, 'crlf.pub'),
      (await readFile(pub, 'utf8')).replaceAll('\n', '\r\n'),
    );
    const keys = ['--key', stranger, `--key=${join(folder, 'crlf.pub')}`];
    const outcome = await (await on()).install([path, ...keys, ...verifyOnly]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });

  test('of another key is refused', async () => {
    await expectRefused([path, '--key', await strangerKey()], 4, /no key that was given/);
  });

  test('that is missing is refused, unless that is allowed', async () => {
    const unsigned = await makeBundle({ folder: await mkdtemp(join(folder, 'u-')), endpoint });
    await expectRefused([unsigned.path, '--key', pub], 4, /is not signed/);
    const outcome = await (await on()).install([unsigned.path, '--allow-unsigned', ...verifyOnly]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('is unsigned') });
  });

  test.each<[string, (text: string) => string]>([
    ['without its line end', (text) => `${text.slice(0, -1)}=`],
    ['with another spelling of the same bytes', otherSpelling],
    ['cut in two lines', (text) => `${text.slice(0, 40)}\n${text.slice(41)}`],
    ['that is no base64', () => `${'?'.repeat(88)}\n`],
  ])('%s is refused', async (_, change) => {
    const bytes = await readFile(path);
    const at = bytes.indexOf('bundle.sig\0') + 512;
    bytes.write(change(bytes.toString('latin1', at, at + 89)), at, 'latin1');
    await expectRefused([await kept(bytes), '--key', pub], 4, /signature is malformed/);
  });

  test('cannot be checked by an old openssl: a tool, not a bad signature', async () => {
    const openssl = `#!/bin/sh\ncase $1 in pkeyutl) echo "unknown option -rawin" >&2; exit 1 ;; esac\nexec /usr/bin/openssl "$@"\n`;
    const outcome = await (await on({ programs: { openssl } })).install([path, '--key', pub]);
    expect(outcome).toMatchObject({ code: 3, stderr: expect.stringContaining('ecdsa-p256') });
    const ecdsa = await another({ key: 'ecdsa-p256' });
    const args = [ecdsa, '--key', keyPair(folder, 'ecdsa-p256').pub, ...verifyOnly];
    expect(await site.install(args)).toMatchObject({ code: 0 });
  });
});

describe('where nothing else is done, all of it is read', () => {
  test.each([
    ['a blob', 'blobs/sha256/'],
    ['the program', 'bundle.js'],
    ['the README', 'README.txt'],
  ])('a byte of %s', async (_, member) => {
    const bytes = await readFile(await another({ program: 'console.log(1);\n' }));
    const body = bytes.lastIndexOf(Buffer.from(`\0${member}`)) + 1 + 512;
    bytes[body] = (bytes[body] ?? 0) ^ 1;
    const damaged = [await kept(bytes), '--key', pub];
    for (const alone of [['--only', 'verify'], ['--dry-run']]) {
      const outcome = await (await on()).install([...damaged, ...alone]);
      const stderr = expect.stringContaining('was changed after signing');
      expect(outcome).toMatchObject({ code: 5, stderr });
      await site.remove();
    }
  });

  test('by the program, where there is Node', async () => {
    const bytes = await readFile(programPath());
    const signed = await another({ program: bytes.toString('latin1') });
    const outcome = await (await on({ node: true })).install([signed, '--key', pub, ...verifyOnly]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('every byte') });
    const damaged = await readFile(signed);
    damaged[damaged.length - 1] = 1;
    const refused = await site.install([await kept(damaged), '--key', pub, ...verifyOnly]);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('the end blocks') });
  });
});

describe('a revoked key', () => {
  const idOf = (pem: string) => {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(der).digest('hex');
  };
  let id: string;
  beforeAll(async () => {
    id = idOf(await readFile(pub, 'utf8'));
    await writeFile(join(folder, 'ids'), `# lost\r\n${'0'.repeat(64)}\n  ${id}  # on a train`);
  });

  test.each<[string, () => string[]]>([
    ['by its id', () => ['--revoked', id]],
    ['by its id as it was printed', () => [`--revoked=SHA256:${id}`]],
    ['among others', () => ['--revoked', `${'0'.repeat(64)},${id}`]],
    ['by a file of ids', () => ['--revoked', join(folder, 'ids')]],
    ['by its .pub', () => ['--revoked', pub]],
    ['with --allow-unsigned', () => ['--revoked', id, '--allow-unsigned']],
  ])('%s is refused though the signature holds', async (_, flags) => {
    await expectRefused([path, '--key', pub, ...flags()], 4, /signed with a revoked key/);
  });

  test('needs the keys that are trusted', async () => {
    await expectRefused([path, '--allow-unsigned', '--revoked', id], 2, /but no --key/);
  });

  test('is another one: the bundle is taken', async () => {
    const args = [path, '--key', pub, '--revoked', await strangerKey(), ...verifyOnly];
    expect(await (await on()).install(args)).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['a short id', () => '0a1b', /neither a key id nor a file/],
    ['an id in capitals', () => 'A'.repeat(64), /neither a key id nor a file/],
    ['a folder', () => folder, /neither a key id nor a file/],
    ['a file without an id', () => join(import.meta.dirname, '../fixtures/README.md'), /no key id/],
    ['a private key', () => keyPair(folder, 'ed25519').key, /no public key/],
  ])('is no %s', async (_, word, message) => {
    await expectRefused([path, '--key', pub, '--revoked', word()], 2, message);
  });
});

describe('a flipped bit is found', () => {
  test.each([
    ['bundle.json', 4, /no key that was given/],
    ['bundle.sig', 4, /./],
    ['settings.tsv', 5, /settings\.tsv was changed/],
    ['images.tsv', 5, /images\.tsv was changed/],
    ['SHA256SUMS', 5, /SHA256SUMS was changed/],
    ['chart/image-swap-1.5.3.tgz', 5, /chart.* was changed/],
    ['values.yaml', 5, /values\.yaml was changed/],
  ])('in %s', async (name, code, message) => {
    const bytes = await readFile(path);
    const at = bytes.indexOf(`${name}\0`) + 512 + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await expectRefused([await kept(bytes), '--key', pub], code, message);
  });

  test('in bundle.js, before it is run', async () => {
    const bytes = await readFile(await another({ program: 'process.exit(42);//'.padEnd(99, 'x') }));
    const at = bytes.indexOf('process.exit(42)') + 50;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const args = [await kept(bytes), '--key', pub, '--only', 'load'];
    const outcome = await (await on({ programs: { node } })).install(args);
    expect(outcome).toMatchObject({ code: 5, stderr: expect.stringContaining('bundle.js') });
  });
});

const node = `#!/bin/sh\nexec ${process.execPath} "$@"\n`;

describe('a file that is no whole bundle', () => {
  const notABundle = /^error: not a bundle\n {2}given: .*\n {2}expected: {2}a tar .*\n {2}next: /;
  test.each<[string, (bytes: Buffer) => Buffer, RegExp?]>([
    ['cut short in a blob', (bytes) => bytes.subarray(0, bytes.length - 3000)],
    [
      'cut short in bundle.json',
      (bytes) => bytes.subarray(0, 700),
      /the bundle is truncated or damaged/,
    ],
    ['empty', () => Buffer.alloc(0), notABundle],
    ['text', () => Buffer.from('hello\n'.repeat(500)), notABundle],
    [
      'a tar without bundle.json',
      (bytes) => bytes.subarray(bytes.indexOf('oci-layout\0')),
      notABundle,
    ],
    [
      'bundle.json twice',
      (bytes) => {
        const first = bytes.subarray(0, bytes.indexOf('bundle.sig\0'));
        return Buffer.concat([first, bytes]);
      },
    ],
  ])('%s', async (_, change, message = /./) => {
    const file = await kept(change(await readFile(path)));
    const outcome = await (await on()).install([file, '--key', pub]);
    expect([4, 5]).toContain(outcome.code);
    expect(outcome.stderr).toMatch(message);
    await expectUntouched(site);
  });
});

describe('dates', () => {
  const past = { createdAt: '2020-01-01T00:00:00Z', expiresAt: '2020-02-01T00:00:00Z' };
  test.each<[string, Partial<InventoryHead>, RegExp]>([
    ['expired', past, /has expired[\s\S]*2020-02-01T00:00:00Z/],
    ['from the future', { createdAt: '2199-01-01T00:00:00Z' }, /the clock of this host is wrong/],
  ])('%s is policy, unless that is allowed', async (_, inventory, message) => {
    const dated = await another({ inventory });
    await expectRefused([dated, '--key', pub], 6, message);
    const args = [dated, '--key', pub, '--allow-expired', ...verifyOnly];
    expect(await (await on()).install(args)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('what is asked wrongly', () => {
  test.each<[string, string[], RegExp]>([
    ['a step', ['--skip', 'verify'], /--skip verify\n.*load, secret, chart or check/],
    [
      'steps in two ways',
      ['--only', 'load', '--skip', 'chart'],
      /--only and --skip are both given/,
    ],
    ['a password file', ['--username', 'u', '--password-file', 'none'], /none\n +next: /],
    ['a folder as password file', ['--username', 'u', '--password-file', '.'], /cannot be read/],
  ])('%s is found before the bundle is read', async (_, flags, message) => {
    const outcome = await (await on()).install([path, '--key', pub, ...flags]);
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  test.each<[string, (at: string) => string[], RegExp]>([
    ['no bundle', () => [], /no bundle is given/],
    ['no key', (at) => [at], /no key is given/],
    ['a bundle that is not there', () => ['none.tar', '--key', pub], /cannot be read/],
    ['a key that is not there', (at) => [at, '--key', 'none.pub'], /the key cannot be read/],
    ['the private key', (at) => [at, '--key', join(folder, 'ed25519.key')], /no public key/],
    ['a key of another kind', (at) => [at, '--key', rsaKey()], /Ed25519 or ECDSA P-256/],
    ['an unknown flag', (at) => [at, '--key', pub, '--force'], /no such flag\n +given: +--force/],
    ['a flag without its value', (at) => [at, '--key'], /--key needs a value/],
    ['two bundles', (at) => [at, at, '--key', pub], /more than one bundle/],
    ['an unknown step', (at) => [at, '--key', pub, '--only', 'install'], /no such step/],
    ['steps with a space', (at) => [at, '--key', pub, '--only', 'secret chart'], /no such step/],
    ['no step', (at) => [at, '--key', pub, '--only', ','], /no such step/],
    ['a glob as step', (at) => [at, '--key', pub, '--skip', '*'], /no such step/],
    [
      'a user without a password',
      (at) => [at, '--key', pub, '--username', 'u'],
      /password is missing[\s\S]*--password-file/,
    ],
    [
      'a password without a user',
      (at) => [at, '--key', pub, '--password-file', at],
      /no user name/,
    ],
    ['no namespace', (at) => [at, '--key', pub, '--namespace', 'A_b'], /that is no namespace/],
    [
      'a file of revoked keys without any',
      (at) => [at, '--key', pub, '--revoked', '/dev/null'],
      /--revoked \/dev\/null names no key/,
    ],
    [
      'a push password over plain HTTP',
      (at) => [at, '--key', pub, '--push-username', 'u', '--push-password-file', pub],
      /in clear text/,
    ],
  ])('%s', async (_, args, message) => {
    await expectRefused(args(path), 2, message);
  });
});

test.each([
  [
    'a comma',
    'tmp,1',
    2,
    /TMPDIR must be an absolute path without any of , " : @ and backslash\n +given: /,
  ],
  ['nothing', 'none/here', 10, /no temporary folder can be made\n +given: .*none\/here/],
])('a temporary folder with %s in its path', async (_, name, code, message) => {
  const { folder: home, install } = await on();
  await mkdir(join(home, 'tmp,1'));
  const outcome = await install([path, '--key', pub], { TMPDIR: join(home, name) });
  expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
});

describe('tools that are missing or too old', () => {
  test.each([['openssl'], ['oras'], ['helm'], ['kubectl']])('%s', async (tool) => {
    const outcome = await (await on({ without: [tool] })).install([path, '--key', pub]);
    expect(outcome).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`${tool} is needed`),
    });
    await expectUntouched(site);
  });

  test.each([['1.3.5'], ['1.2.99'], ['0.99.99'], ['nonsense']])('oras %s', async (version) => {
    const oras = `#!/bin/sh\necho 'Version:        ${version}'\n`;
    const outcome = await (await on({ programs: { oras } })).install([path, '--key', pub]);
    expect(outcome).toMatchObject({ code: 3, stderr: expect.stringContaining('oras is too old') });
  });

  test('--dry-run only names them', async () => {
    const without = ['helm', 'kubectl', 'oras'];
    const outcome = await (await on({ without })).install([path, '--key', pub, '--dry-run']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    for (const tool of without) expect(outcome.stdout).toContain(`missing here: ${tool}`);
  });
});

test('the one-liners of README.txt do what they say', async () => {
  const bundleOfEach = { ed25519: path, 'ecdsa-p256': await another({ key: 'ecdsa-p256' }) };
  for (const [type, bundle] of Object.entries(bundleOfEach)) {
    const work = (await on()).folder;
    await copyFile(bundle, join(work, 'pcg-override-1.4.0.tar'));
    await copyFile(keyPair(folder, type as KeyType).pub, join(work, 'KEY.pub'));
    const readme = execFileSync('tar', ['-xOf', bundle, 'README.txt']).toString();
    const lines = readme.split('\n').filter((line) => /^ {4}(tar|openssl|grep|mkdir)/.test(line));
    const other = type === 'ed25519' ? 'openssl dgst' : 'openssl pkeyutl';
    const commands = lines.filter((line) => !line.includes(other));
    expect(commands).toHaveLength(6);
    execFileSync('sh', ['-e', '-c', commands.join('\n')], { cwd: work, stdio: 'pipe' });
    await site.remove();
  }
});

async function expectRefused(args: string[], code: number, message: RegExp): Promise<void> {
  const outcome = await (await on()).install(args);
  expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
  await expectUntouched(site);
}

async function kept(bytes: Buffer): Promise<string> {
  const changed = join(folder, 'changed.tar');
  await writeFile(changed, bytes);
  return changed;
}

/** Base64 has spare bits before its padding; a lenient decoder takes any. */
function otherSpelling(text: string): string {
  return text.replace(
    /(.)==\n$/,
    (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}==\n`,
  );
}

async function strangerKey(): Promise<string> {
  return keyPair(await mkdtemp(join(folder, 'stranger-')), 'ed25519').pub;
}

function rsaKey(): string {
  const pem = execFileSync('openssl', ['genrsa', '2048'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const file = join(folder, 'rsa.pub');
  execFileSync('openssl', ['rsa', '-pubout', '-out', file], {
    input: pem,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return file;
}
