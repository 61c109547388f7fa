import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { minimal, read, readSpec } from './read.ts';

let authority: Authority;
let key: string;
let server: string;
beforeAll(async () => {
  authority = await makeAuthority();
  const issued = await authority.issue(['DNS:harbor.example.org']);
  key = await readFile(issued.key, 'utf8');
  server = await readFile(issued.cert, 'utf8');
});
afterAll(() => authority.remove());

/** PEM as a block of YAML. */
function block(pem: string): string {
  return `|\n${pem.replaceAll(/^(?=.)/gm, '    ')}`;
}

describe('caCert', () => {
  test('as text', async () => {
    const { target, registries } = await readSpec(`${minimal}  caCert: ${block(authority.pem)}`);
    expect(target.caCert).toBe(authority.pem);
    expect(registries['harbor.example.org']?.caCert).toBe(authority.pem);
  });

  test('as a path beside bundle.yaml', async () => {
    const files = { 'tls/ca.pem': authority.pem };
    const { target } = await readSpec(`${minimal}  caCert: tls/ca.pem\n`, { files });
    expect(target.caCert).toBe(authority.pem);
  });

  test('as several certificates with words between them', async () => {
    const pem = `# root\n${authority.pem}\n# the same again\n${authority.pem}`;
    const { target } = await readSpec(`${minimal}  caCert: ca.pem\n`, { files: { 'ca.pem': pem } });
    expect(target.caCert).toBe(pem);
  });

  test('as a chain, with a server beside who issued it', async () => {
    const pem = `${server}${authority.pem}`.replaceAll('\n', '\r\n');
    const { target } = await readSpec(`${minimal}  caCert: ca.pem\n`, { files: { 'ca.pem': pem } });
    expect(target.caCert).toBe(pem);
  });

  test("as a server's that nobody else has issued", async () => {
    const own = await makeAuthority('a server', { isServer: true });
    const { target } = await readSpec(`${minimal}  caCert: ${block(own.pem)}`);
    await own.remove();
    expect(target.caCert).toBe(own.pem);
  });

  test("that no chain can end at is refused: a server's alone", async () => {
    const { error } = await read(`${minimal}  caCert: ${block(server)}`);
    expect(error).toContain('error: ociImageRegistry.caCert holds no certificate authority');
    expect(error).toContain(
      'expected:  the certificate of who issued it: CN=airgap test authority',
    );
  });

  test('that has expired is refused, unless another one in it has not', async () => {
    const old = await makeAuthority('the old one', { expired: true });
    const now = () => new Date();
    const { error } = await read(`${minimal}  caCert: ${block(old.pem)}`, { now });
    expect(error).toContain('error: ociImageRegistry.caCert has expired');
    expect(error).toMatch(/given: +CN=the old one, until Jan .* 2020 GMT/);
    const both = await read(`${minimal}  caCert: ${block(old.pem + authority.pem)}`, { now });
    await old.remove();
    expect(both.spec?.target.caCert).toBe(old.pem + authority.pem);
  });

  test('of another registry', async () => {
    const text = `${minimal}registries: {quay.io: {caCert: ca.pem}}\n`;
    const { registries } = await readSpec(text, { files: { 'ca.pem': authority.pem } });
    expect(registries['quay.io']).toEqual({ caCert: authority.pem });
  });

  test.each<[string, () => string, string]>([
    ['words', () => 'to be done', 'given:     no certificate is in it'],
    ['nothing', () => '', 'given:     no certificate is in it'],
    [
      'garbage between the marks',
      () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'given:     a block in it is no certificate',
    ],
    ['half a certificate', () => authority.pem.slice(0, 200), 'given:     no certificate is in it'],
    ['a private key', () => key, 'given:     a private key is in it'],
    [
      'a private key beside the certificate',
      () => authority.pem + key,
      'given:     a private key is in it',
    ],
  ])('%s in the file is refused', async (_, pem, expected) => {
    const { error } = await read(`${minimal}  caCert: ca.pem\n`, { files: { 'ca.pem': pem() } });
    expect(error).toContain('error: ociImageRegistry.caCert is not a PEM certificate');
    expect(error).toContain(expected);
    expect(error).not.toContain(key.split('\n')[1]);
  });

  test("another registry's is named by its field", async () => {
    const text = `${minimal}registries: {quay.io: {caCert: ca.pem}}\n`;
    const { error } = await read(text, { files: { 'ca.pem': '' } });
    expect(error).toContain('error: registries."quay.io".caCert is not a PEM certificate');
  });

  test('a file that is not there is named', async () => {
    const { error } = await read(`${minimal}  caCert: ca.pem\n`);
    expect(error).toContain(
      'error: ociImageRegistry.caCert: the certificate file is not there\n  given:     DIR/bundle/ca.pem',
    );
  });
});
