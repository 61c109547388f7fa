import { describe, expect, test } from 'vitest';
import { checksOf, mirrors, named, needs, right, statusesOf } from './site.ts';

type Status = 'ok' | 'warning' | 'failure';

describe('an endpoint of a mirror', () => {
  test.each<[string, string[], Status, string]>([
    [
      'the right one',
      [right],
      'ok',
      `docker.io: ${right} works; what is not there is asked for at docker.io`,
    ],
    ['without a scheme', ['h.example.org/v2/air/docker.io'], 'ok', 'works'],
    ['with the port of TLS', ['https://h.example.org:443/v2/air/docker.io'], 'ok', 'works'],
    ['with a slash at its end', [`${right}/`], 'ok', 'works'],
    ["in the page's spelling", ['h.example.org/air/docker.io'], 'failure', 'without /v2/'],
    [
      "in the page's spelling, with a scheme",
      ['https://h.example.org/air/docker.io'],
      'failure',
      'without /v2/',
    ],
    ['with /v2/ twice', ['https://h.example.org/v2/v2/air/docker.io'], 'failure', 'twice'],
    ['of plain HTTP', ['http://h.example.org/v2/air/docker.io'], 'failure', 'plain HTTP'],
    ['at another host', ['https://other.example.org/v2/air/docker.io'], 'failure', 'another host'],
    ['at another port', ['https://h.example.org:8443/v2/air/docker.io'], 'failure', 'another host'],
    ['with another path', ['https://h.example.org/v2/air/quay.io'], 'failure', 'another path'],
    ['with the host alone', ['https://h.example.org'], 'failure', 'another path'],
    ['with no host', ['https:///v2/air'], 'failure', 'no host'],
    ['with none at all', [], 'failure', 'no address in'],
    [
      'right behind a wrong one',
      ['https://h.example.org/air/docker.io', right],
      'warning',
      'asked first, in vain',
    ],
    [
      'right before a wrong one',
      [right, 'https://registry-1.docker.io'],
      'warning',
      'asked then, in vain',
    ],
  ])('%s', async (_, endpoints, status, words) => {
    const check = named(await checksOf({ 'config.toml': mirrors(...endpoints) }), 'node-endpoints');
    expect(check.evidence).toContain(words);
    expect(check.status, check.evidence).toBe(status);
    if (status === 'ok') expect(check.cure).toBe('');
    else expect(check.cure).toContain(`write endpoint = ["${right}"] for docker.io; sh install.sh`);
  });

  test.each([
    ['TLS at a target of plain HTTP', right, 'failure'],
    ['plain HTTP', right.replace('https', 'http'), 'ok'],
    ['no scheme, which means TLS', 'h.example.org/v2/air/docker.io', 'failure'],
  ])('%s where the target speaks plain HTTP', async (_, endpoint, status) => {
    const checks = await checksOf({ 'config.toml': mirrors(endpoint) }, needs({ plainHttp: true }));
    expect(named(checks, 'node-endpoints').status).toBe(status);
  });

  test.each([
    ['127.0.0.1:5000/v2/a', 'failure'],
    ['https://127.0.0.1:5000/v2/a', 'ok'],
  ])(
    '%s is of TLS only where that is said: for this machine containerd takes plain HTTP',
    async (endpoint, status) => {
      const wanted = needs({ endpoint: '127.0.0.1:5000', map: 'docker.io::127.0.0.1:5000/a' });
      const checks = await checksOf({ 'config.toml': mirrors(endpoint) }, wanted);
      expect(named(checks, 'node-endpoints').status).toBe(status);
    },
  );

  test.each(['https://h.example.org', 'https://h.example.org/v2', 'h.example.org'])(
    '%s is right for a target without a path',
    async (endpoint) => {
      const wanted = needs({ map: 'docker.io::h.example.org' });
      const checks = await checksOf({ 'config.toml': mirrors(endpoint) }, wanted);
      expect(named(checks, 'node-endpoints')).toMatchObject({ status: 'ok', cure: '' });
    },
  );
});

test('every source of the map has a line, what is wrong first; others do not matter', async () => {
  const map = ['docker.io', 'quay.io', 'r.io:5000', 'gcr.io']
    .map((name) => `${name}::h.example.org/${name.replace(':', '-')}`)
    .join(',');
  const of = (name: string, url: string) =>
    `[plugins.cri.registry.mirrors."${name}"]\nendpoint = ["${url}"]\n`;
  const config = [
    of('docker.io', 'https://h.example.org/v2/docker.io'),
    of('r.io:5000', 'https://h.example.org/r.io-5000'),
    of('elsewhere.example', 'https://x.example'),
    of('*', 'https://h.example.org/v2/gcr.io'),
  ].join('');
  const { evidence } = named(
    await checksOf({ 'config.toml': config }, needs({ map })),
    'node-endpoints',
  );
  expect(evidence.split('\n').map((line) => line.split(': ')[0])).toEqual([
    'quay.io',
    'r.io:5000',
    'docker.io',
    'gcr.io',
  ]);
  expect(evidence).toContain('quay.io: https://h.example.org/v2/gcr.io: another path');
});

test('a source that the node does not have is told with the address that it should have', async () => {
  const map = 'docker.io::h.example.org/air/docker.io,quay.io::h.example.org/q';
  const checks = await checksOf({ 'config.toml': mirrors(right) }, needs({ map }));
  const check = named(checks, 'node-endpoints');
  expect(check.status).toBe('failure');
  expect(check.evidence).toMatch(
    /^quay\.io: no address in .*; it should be https:\/\/h\.example\.org\/v2\/q$/m,
  );
});

const configs = (table: string) =>
  `${mirrors(right)}[plugins."io.containerd.grpc.v1.cri".registry.configs."h.example.org"${table}\n`;
const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
const withCa = { caCert: pem('AAAA') };

describe('the CA of the target', () => {
  test.each<[string, string, object, Status]>([
    ['is named', '.tls]\nca_file = "ETC/ca.crt"', withCa, 'ok'],
    [
      'lies beside a copy of /etc/containerd',
      '.tls]\nca_file = "/etc/containerd/ca.crt"',
      withCa,
      'ok',
    ],
    ['is another one', '.tls]\nca_file = "ETC/other.crt"', withCa, 'warning'],
    ['is not on this machine', '.tls]\nca_file = "/nowhere/ca.crt"', withCa, 'ok'],
    ['is not named', '.tls]', withCa, 'warning'],
    [
      'does not matter where nothing is checked',
      '.tls]\ninsecure_skip_verify = true',
      withCa,
      'ok',
    ],
    ['is not to be checked, and is', '.tls]', { insecureSkipVerify: true }, 'warning'],
    ['is none', '.tls]', {}, 'ok'],
    ['is none for plain HTTP', '.tls]', { plainHttp: true }, 'ok'],
  ])('%s', async (_, table, wanted, status) => {
    const files = {
      'config.toml': configs(table),
      'ca.crt': pem('AA\nAA'),
      'other.crt': pem('BBBB'),
    };
    expect(statusesOf(await checksOf(files, needs(wanted)))['node-trust']).toBe(status);
  });
});

describe('the login', () => {
  const pair = Buffer.from('puller:canary').toString('base64');
  test.each<[string, string, boolean | undefined, string]>([
    ['as auth', `.auth]\nauth = "${pair}"`, true, 'ok'],
    ['as name and password', '.auth]\nusername = "puller"\npassword = "canary"', true, 'ok'],
    ['as a token', '.auth]\nidentitytoken = "canary"', true, 'ok'],
    ['that is none', '.auth]\nauth = "canary"', true, 'failure'],
    ['that is empty', '.auth]', true, 'failure'],
    ['that is missing', '.tls]', true, 'failure'],
    ['that nobody wants', '.tls]', false, 'ok'],
    ['that perhaps nobody wants', '.tls]', undefined, 'skipped'],
    ['that is there anyway', `.auth]\nauth = "${pair}"`, undefined, 'ok'],
    [
      'under the old name',
      `]\n[plugins."io.containerd.grpc.v1.cri".registry.auths."https://h.example.org"]\nauth = "${pair}"`,
      true,
      'ok',
    ],
  ])('%s', async (_, table, login, status) => {
    const checks = await checksOf({ 'config.toml': configs(table) }, needs({ login }));
    expect(named(checks, 'node-credential').status).toBe(status);
    expect(JSON.stringify(checks)).not.toMatch(new RegExp(`canary|${pair}`));
  });
});
