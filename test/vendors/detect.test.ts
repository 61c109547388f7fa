import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { detect } from '../../src/vendors/detect.ts';
import { ecrRegistry } from '../../src/vendors/ecr-host.ts';
import { type Harbor, startHarbor } from '../helpers/harbor.ts';
import { startRegistry } from '../helpers/registry.ts';
import { makeAuthority } from '../helpers/tls.ts';
import { api } from './api.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const admin = { username: 'admin', password: 'Harbor12345', mayCreate: true };

async function harbor(options = {}): Promise<Harbor> {
  const started = await startHarbor({ accounts: [admin], ...options });
  stops.push(started.stop);
  return started;
}

test.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com:443', 'eu-west-1'],
  ['123456789012.dkr.ecr.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['123456789012.dkr.ecr-fips.us-east-1.amazonaws.com', 'us-east-1'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
  ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'us-iso-east-1'],
  ['123456789012.dkr-ecr.eu-west-1.on.aws', 'eu-west-1'],
  ['123456789012.dkr-ecr-fips.us-east-1.on.aws', 'us-east-1'],
])('%s is ECR', (host, region) => {
  expect(ecrRegistry(host)).toEqual({ account: '123456789012', region });
});

test.each([
  'harbor.example.org',
  'public.ecr.aws',
  '12345.dkr.ecr.eu-west-1.amazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443',
  'x.123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  '123456789012.dkr.ecr.eu-west-1xamazonaws.com',
])('%s is not ECR', (host) => {
  expect(ecrRegistry(host)).toBeUndefined();
});

test('ECR is known by its name alone: nothing is asked', async () => {
  const opened = api('123456789012.dkr.ecr.eu-west-1.amazonaws.com');
  expect(await detect(opened.api)).toEqual({ kind: 'ecr', foundBy: 'host' });
});

test('Harbor is known by its system info, and gets no credential for it', async () => {
  const { host, requests } = await harbor();
  const opened = api(host, admin);
  expect(await detect(opened.api)).toEqual({ kind: 'harbor', foundBy: 'systeminfo' });
  expect(requests).toEqual([
    { method: 'GET', path: '/api/v2.0/systeminfo', authorization: undefined, body: '' },
  ]);
});

test('Harbor behind TLS of its own authority', async () => {
  const authority = await makeAuthority();
  stops.push(authority.remove);
  const { host } = await harbor({ tls: await authority.issue(['IP:127.0.0.1']) });
  const known = api(host, admin, { caCert: authority.pem });
  expect(await detect(known.api)).toMatchObject({ kind: 'harbor' });
  await expect(detect(api(host, admin, {}).api)).rejects.toMatchObject({ class: 'usage' });
});

test('distribution is neither', async () => {
  const registry = await startRegistry();
  stops.push(() => registry.stop());
  expect(await detect(api(registry.host).api)).toEqual({ kind: 'none', foundBy: 'systeminfo' });
});

const json = { 'content-type': 'application/json' };
test.each([
  ['a page for every path', 200, { 'content-type': 'text/html' }, '<html>{"auth_mode": 1}</html>'],
  ['another document', 200, json, '{"version": "3.70"}'],
  ['a document with half of it', 200, json, '{"auth_mode": "db_auth"}'],
  ['null', 200, json, 'null'],
  ['no document', 200, json, '{'],
  ['a login for all', 401, { 'www-authenticate': 'Basic realm="x"' }, ''],
  ['a refusal', 403, json, '{"auth_mode": "db_auth", "self_registration": true}'],
])('a registry that answers with %s is neither', async (_, status, headers, body) => {
  const host = await answering(status, headers, body);
  expect(await detect(api(host, admin).api)).toMatchObject({ kind: 'none' });
});

test('a registry that is not able to answer is no other kind for that: tried again, then transient', async () => {
  const host = await answering(503, {}, '');
  const asked = detect(api(host, admin).api);
  await expect(asked).rejects.toMatchObject({ class: 'transient' });
});

async function answering(status: number, headers: object, body: string): Promise<string> {
  const server: Server = createServer((_, response) => {
    response.writeHead(status, { ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  stops.push(() => server.closeAllConnections());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}
