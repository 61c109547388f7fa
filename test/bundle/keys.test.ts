import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KeyType, loadPublicKey, parseKeyId } from '../../src/bundle/keys.ts';
import {
  loadSigner,
  parseSignature,
  printSignature,
  signatureHolds,
} from '../../src/bundle/sign.ts';
import { runKeygen } from '../../src/commands/keygen.ts';
import { temporaryFolder, testContext } from './sample.ts';

const run = promisify(execFile);
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const at = (name: string) => join(folder.path, name);
const message = Buffer.from('{"schemaVersion":1}\n');
const types: KeyType[] = ['ed25519', 'ecdsa-p256'];

describe.each(types)('a key pair of type %s', (type) => {
  test('is written for its owner alone, and never over another', async () => {
    const out = at(`${type}.key`);
    const made = await runKeygen({ out, type }, testContext());
    expect(made).toMatchObject({ privateKey: out, publicKey: at(`${type}.pub`), type });
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await loadPublicKey(made.publicKey)).keyId).toBe(made.keyId);
    expect((await loadSigner(out)).keyId).toBe(made.keyId);

    const before = await readFile(out);
    const again = runKeygen({ out, type }, testContext());
    await expect(again).rejects.toMatchObject({ class: 'usage', given: out });
    expect(await readFile(out)).toEqual(before);
  });

  test('is not written into a folder that is not there', async () => {
    const made = runKeygen({ out: at('none/a.key'), type }, testContext());
    await expect(made).rejects.toMatchObject({
      class: 'io',
      message: 'the key cannot be written',
      given: `${at('none/a.key')}: ENOENT`,
    });
  });

  test('has the key id that openssl computes', async () => {
    const made = await runKeygen({ out: at(`${type}-id.key`), type }, testContext());
    const der = at(`${type}.der`);
    await run('openssl', ['pkey', '-pubin', '-in', made.publicKey, '-outform', 'DER', '-out', der]);
    const { stdout } = await run('sha256sum', [der]);
    expect(stdout.slice(0, 64)).toBe(made.keyId);
  });

  test('signs what openssl verifies, and only that', async () => {
    const made = await runKeygen({ out: at(`${type}-sign.key`), type }, testContext());
    await writeFile(at('message'), message);
    await writeFile(at('other'), `${message} `);
    await writeFile(at('sig'), (await loadSigner(made.privateKey)).sign(message));
    const ask = (file: string) =>
      type === 'ed25519'
        ? [
            'pkeyutl',
            '-verify',
            '-rawin',
            '-pubin',
            '-inkey',
            made.publicKey,
            '-in',
            at(file),
            '-sigfile',
            at('sig'),
          ]
        : ['dgst', '-sha256', '-verify', made.publicKey, '-signature', at('sig'), at(file)];
    await expect(run('openssl', ask('message'))).resolves.toBeTruthy();
    await expect(run('openssl', ask('other'))).rejects.toThrow();
  });

  test('verifies its own signature and no other', async () => {
    const made = await runKeygen({ out: at(`${type}-own.key`), type }, testContext());
    const key = await loadPublicKey(made.publicKey);
    const signature = (await loadSigner(made.privateKey)).sign(message);
    expect(signatureHolds(key, message, signature)).toBe(true);
    expect(signatureHolds(key, Buffer.from('{}'), signature)).toBe(false);
    expect(signatureHolds(key, message, signature.subarray(1))).toBe(false);
    expect(signatureHolds(key, message, Buffer.alloc(64))).toBe(false);
  });

  test('opens with its passphrase alone', async () => {
    const out = at(`${type}-secret.key`);
    await runKeygen({ out, type }, testContext({ AIRGAP_BUNDLE_KEY_PASSPHRASE: 'open sesame' }));
    expect(await readFile(out, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    expect((await loadSigner(out, 'open sesame')).type).toBe(type);
    await expect(loadSigner(out, 'wrong')).rejects.toMatchObject({ class: 'usage' });
    await expect(loadSigner(out)).rejects.toMatchObject({
      class: 'usage',
      next: expect.stringContaining('AIRGAP_BUNDLE_KEY_PASSPHRASE'),
    });
  });
});

test('a private key whose public twin is in the way is not left behind', async () => {
  await writeFile(at('half.pub'), 'mine');
  const made = runKeygen({ out: at('half.key'), type: 'ed25519' }, testContext());
  await expect(made).rejects.toMatchObject({ class: 'usage', given: at('half.pub') });
  await expect(stat(at('half.key'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a key that openssl made is as good', async () => {
  await run('openssl', ['genpkey', '-algorithm', 'ED25519', '-out', at('openssl.key')]);
  await run('openssl', ['pkey', '-in', at('openssl.key'), '-pubout', '-out', at('openssl.pub')]);
  const signer = await loadSigner(at('openssl.key'));
  const key = await loadPublicKey(at('openssl.pub'));
  expect(signatureHolds(key, message, signer.sign(message))).toBe(true);
});

describe('a public key is refused', () => {
  const spki = { type: 'spki', format: 'pem' } as const;
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const curve = (namedCurve: string) =>
    generateKeyPairSync('ec', { namedCurve }).publicKey.export(spki);
  test.each([
    [
      'when it is RSA',
      () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export(spki),
    ],
    ['when it is on P-384', () => curve('secp384r1')],
    ['when it is on secp256k1', () => curve('secp256k1')],
    ['when it is Ed448', () => generateKeyPairSync('ed448').publicKey.export(spki)],
    ['when it is the private one', () => generateKeyPairSync('ed25519').privateKey.export(pkcs8)],
    ['when it is damaged', () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['when it is no key', () => 'hello'],
  ])('%s', async (_, pem) => {
    await writeFile(at('refused.pub'), pem());
    await expect(loadPublicKey(at('refused.pub'))).rejects.toMatchObject({ class: 'usage' });
  });

  test('when it is not there', async () => {
    await expect(loadPublicKey(at('nowhere.pub'))).rejects.toMatchObject({ class: 'usage' });
  });
});

test('a key id may be had from install.sh', () => {
  expect(parseKeyId(`SHA256:${'0a'.repeat(32)}`)).toBe('0a'.repeat(32));
});

test.each(['', 'abc', `${'0'.repeat(63)}g`, 'A'.repeat(64), `sha256:${'0'.repeat(64)}`])(
  'a key id is not %j',
  (text) => {
    expect(() => parseKeyId(text)).toThrow(expect.objectContaining({ class: 'usage' }));
  },
);

describe('bundle.sig has one spelling', () => {
  const signature = Buffer.from('fbff'.repeat(32), 'hex');
  const right = printSignature(signature).toString();

  test('which reads back', () => {
    expect(right).toMatch(/^[A-Za-z0-9+/]+=*\n$/);
    expect(parseSignature(Buffer.from(right))).toEqual(signature);
  });

  test.each([
    ['no line break', right.trimEnd()],
    ['two line breaks', `${right}\n`],
    ['CRLF', right.replace('\n', '\r\n')],
    ['a space before', ` ${right}`],
    ['base64url', right.replaceAll('+', '-').replaceAll('/', '_')],
    ['no padding', right.replaceAll('=', '')],
    ['other trailing bits', right.replace(/.(=+\n)$/, 'x$1')],
    ['a line break inside', `${right.slice(0, 8)}\n${right.slice(8)}`],
    ['a NUL after', `${right}\0`],
    ['nothing', ''],
    ['only a line break', '\n'],
  ])('not with %s', (_, text) => {
    expect(text).not.toBe(right);
    expect(parseSignature(Buffer.from(text, 'latin1'))).toBeUndefined();
  });
});
