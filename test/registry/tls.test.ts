import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RegistryAccess } from '../../src/registry/access.ts';
import { openRegistries } from '../../src/registry/client.ts';
import { dockerTrust, secureContext, systemTrust } from '../../src/registry/trust.ts';
import { pushImage } from '../helpers/images.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { context } from './context.ts';

let authority: Authority;
let other: Authority;
let good: TestRegistry;
let expired: TestRegistry;
let misnamed: TestRegistry;
let plain: TestRegistry;

beforeAll(async () => {
  [authority, other] = await Promise.all([makeAuthority(), makeAuthority('another authority')]);
  const loopback = ['IP:127.0.0.1'];
  good = await startRegistry({ tls: await authority.issue(loopback) });
  expired = await startRegistry({ tls: await authority.issue(loopback, { expired: true }) });
  misnamed = await startRegistry({ tls: await authority.issue(['DNS:registry.example.org']) });
  plain = await startRegistry();
});
afterAll(async () => {
  await Promise.all([good, expired, misnamed, plain].map((registry) => registry.stop()));
  await Promise.all([authority, other].map((made) => made.remove()));
});

async function ask(
  host: string,
  access: Readonly<Record<string, RegistryAccess>>,
  env: Readonly<Record<string, string>> = {},
) {
  const credential = async () => undefined;
  const registries = openRegistries({ access, credential, context: context({ env }) });
  try {
    return await registries.client(host).headManifest('a/b', 'v1');
  } finally {
    await registries.close();
  }
}

describe('an own authority', () => {
  test('given for the host is trusted', async () => {
    const root = await pushImage(good.host, 'a/b', 'v1', { plainHttp: false, ca: authority.pem });
    expect(await ask(good.host, { [good.host]: { caCert: authority.pem } })).toEqual(root);
  });

  test.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('named by %s is trusted', async (name) => {
    expect(await ask(good.host, {}, { [name]: authority.path })).toBeDefined();
  });

  test('in a folder of SSL_CERT_DIR is trusted', async () => {
    expect(await ask(good.host, {}, { SSL_CERT_DIR: `/none:${authority.folder}` })).toBeDefined();
  });

  test("in docker's folder for the host is found, and for no other host", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'airgap-'));
    await mkdir(join(folder, 'h:5000'));
    await writeFile(join(folder, 'h:5000', 'ca.crt'), authority.pem);
    await writeFile(join(folder, 'h:5000', 'client.cert'), other.pem);
    expect(await dockerTrust('h:5000', folder)).toEqual([authority.pem.trim()]);
    expect(await dockerTrust('h', folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('comes beside those of Node and the system', async () => {
    expect((await systemTrust({})).length).toBeGreaterThan(100);
  });

  test.each(['garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'that is no certificate is said to be so: %j',
    (caCert) => {
      expect(() => secureContext('h', [], caCert)).toThrow('the CA given for h is no certificate');
    },
  );
});

describe('what is wrong with a certificate is said apart, and never retried', () => {
  const trusting = () => ({ caCert: authority.pem });
  test.each([
    {
      title: 'unknown authority',
      host: () => good.host,
      access: () => ({}),
      message: 'authority that is not trusted',
      next: 'caCert',
    },
    {
      title: 'another authority',
      host: () => good.host,
      access: () => ({ caCert: other.pem }),
      message: 'authority that is not trusted',
      next: 'caCert',
    },
    {
      title: 'expired',
      host: () => expired.host,
      access: trusting,
      message: 'has expired',
      next: 'renew',
    },
    {
      title: 'wrong name',
      host: () => misnamed.host,
      access: trusting,
      message: 'is for another name',
      next: 'name that the certificate has',
    },
    {
      title: 'no TLS at all: plain HTTP is never tried unasked',
      host: () => plain.host,
      access: trusting,
      message: 'does not speak TLS',
      next: 'plainHttp: true',
    },
  ])('$title', async ({ host, access, message, next }) => {
    await expect(ask(host(), { [host()]: access() })).rejects.toMatchObject({
      class: 'usage',
      message: expect.stringContaining(message),
      next: expect.stringContaining(next),
    });
    expect(plain.requests()).toEqual([]);
  });

  test('TLS where plain HTTP was asked for', async () => {
    await expect(ask(good.host, { [good.host]: { plainHttp: true } })).rejects.toMatchObject({
      class: 'usage',
      given: expect.stringContaining('HTTPS'),
      next: expect.stringContaining('remove plainHttp'),
    });
  });
});

describe('skipping verification', () => {
  test.each([() => good, () => expired, () => misnamed])('works for the named host', async (of) => {
    const { host } = of();
    await ask(host, { [host]: { insecureSkipVerify: true } });
    expect(of().requests().at(-1)?.path).toContain('/v2/a/b/manifests/v1');
  });

  test('is for that host alone', async () => {
    const access = { [expired.host]: { insecureSkipVerify: true } };
    await expect(ask(good.host, access)).rejects.toMatchObject({ class: 'usage' });
  });
});
