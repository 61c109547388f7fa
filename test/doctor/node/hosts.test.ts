import { describe, expect, test } from 'vitest';
import { checksOf, configPath, named, needs, right, statusesOf } from './site.ts';

const own = 'certs.d/docker.io/hosts.toml';
const host = (url: string, ...lines: readonly string[]) =>
  [`[host."${url}"]`, ...lines, ''].join('\n');
const overridden = 'override_path = true';
const server = `server = "${right}"\n${overridden}\n`;
/** What a bundle has. */
const good = `${server}${host(right, overridden, 'capabilities = ["pull", "resolve"]')}`;
const endpoints = async (text: string, version = 3, wanted = needs()) => {
  const files = { 'config.toml': configPath('ETC/certs.d', version), [own]: text };
  return named(await checksOf(files, wanted), 'node-endpoints');
};

type Row = [name: string, text: string, status: string, words: string];

describe('a hosts.toml', () => {
  test.each<Row>([
    ['as a bundle has it', good, 'ok', `${right} works`],
    ['with server alone', server, 'ok', 'works'],
    ['whose path ends with /v2 already', server.replace(right, `${right}/`), 'ok', 'works'],
    ['without a scheme', good.replaceAll('https://', ''), 'ok', 'works'],
    [
      'without server',
      host(right, overridden),
      'warning',
      'what is not there is asked for at docker.io itself',
    ],
    [
      'with the source as server',
      `server = "https://registry-1.docker.io"\n${host(right, overridden)}`,
      'warning',
      'asked then, in vain: another host',
    ],
    [
      'with another host first',
      `${server}${host('https://x.example.org')}${host(right, overridden)}`,
      'warning',
      'https://x.example.org is asked first, in vain',
    ],
    [
      'without override_path',
      good.replaceAll(overridden, ''),
      'failure',
      'without override_path = true it puts /v2 behind',
    ],
    [
      "in the page's spelling",
      host('https://h.example.org/air/docker.io', overridden),
      'failure',
      'without /v2/',
    ],
    [
      "in the page's spelling, without override_path",
      host('https://h.example.org/air/docker.io'),
      'failure',
      'asks /air/docker.io/v2/…',
    ],
    ['with the host alone', host('https://h.example.org'), 'failure', 'another path'],
    [
      'with /v2/ twice',
      host('https://h.example.org/v2/v2/air/docker.io', overridden),
      'failure',
      'twice',
    ],
    ['of plain HTTP', good.replaceAll('https:', 'http:'), 'failure', 'plain HTTP'],
    [
      'of plain HTTP with settings for TLS',
      good
        .replaceAll('https:', 'http:')
        .replaceAll(overridden, `${overridden}\nskip_verify = false`),
      'warning',
      '1.6 asks by plain HTTP',
    ],
    [
      'of plain HTTP at its own port',
      good
        .replaceAll('https://h.example.org', 'http://h.example.org:80')
        .replaceAll(overridden, `${overridden}\nskip_verify = false`),
      'failure',
      'plain HTTP, and',
    ],
    [
      'that may not resolve',
      host(right, overridden, 'capabilities = ["pull"]'),
      'failure',
      'lack resolve',
    ],
    [
      'that may only push',
      host(right, overridden, 'capabilities = ["push"]'),
      'failure',
      'lack pull and resolve',
    ],
    [
      'whose capabilities are none, which means all',
      host(right, overridden, 'capabilities = []'),
      'warning',
      'works',
    ],
    [
      'with a capability that there is not',
      host(right, overridden, 'capabilities = ["Pull", "fly"]'),
      'failure',
      'unknown capability',
    ],
    [
      'with a capability of containerd 2',
      good.replace('"resolve"', '"resolve", "referrers"'),
      'ok',
      'works',
    ],
    ['that is empty', '', 'failure', 'it is empty; containerd asks docker.io itself'],
    ['that is not TOML', `${good}\nca = `, 'failure', 'is not TOML'],
    ['with a number as server', 'server = 1', 'failure', 'containerd does not take it: server'],
    ['with an array as host', 'host = ["x"]', 'failure', 'containerd does not take it: host'],
  ])('%s', async (_, text, status, words) => {
    const check = await endpoints(text);
    expect(check.evidence).toContain(words);
    expect(check.status, check.evidence).toBe(status);
    if (status === 'ok') expect(check.cure).toBe('');
    else
      expect(check.cure).toContain(
        `write server = "${right}" and [host."${right}"], each with override_path`,
      );
  });

  test.each<Row>([
    ['with server alone', server, 'warning', 'take no hosts.toml without a [host]'],
    [
      'with a capability of containerd 2',
      good.replace('"resolve"', '"referrers", "resolve"'),
      'warning',
      'referrers',
    ],
    ['as a bundle has it', good, 'ok', 'works'],
  ])('%s, for containerd 1', async (_, text, status, words) => {
    const check = await endpoints(text, 2);
    expect(check.evidence).toContain(words);
    expect(check.status).toBe(status);
  });

  test.each([
    [good, 'failure'],
    [good.replaceAll('https', 'http'), 'ok'],
  ])('for a target of plain HTTP: %s', async (text, status) => {
    expect((await endpoints(text, 3, needs({ plainHttp: true }))).status).toBe(status);
  });
});

describe('the folder of a source', () => {
  const port = needs({ map: 'r.io:5000::h.example.org/air/docker.io' });
  test.each([
    ['host_port_', ['r.io_5000_'], port, 'ok'],
    ['host:port', ['r.io:5000'], port, 'ok'],
    ['host_port_ before host:port', ['r.io_5000_', '!r.io:5000'], port, 'ok'],
    ['host_port_ before host:port, be it wrong', ['!r.io_5000_', 'r.io:5000'], port, 'failure'],
    ['_default', ['_default'], port, 'ok'],
    ['its own before _default', ['docker.io', '!_default'], needs(), 'ok'],
    ['its own before _default, be it wrong', ['!docker.io', '_default'], needs(), 'failure'],
    ['none', ['quay.io'], needs(), 'failure'],
  ])('%s', async (_, folders, wanted, status) => {
    const files = folders.map((name) => [
      `${name.replace('!', '')}/hosts.toml`,
      name.startsWith('!') ? 'server = "https://x.example.org"' : good,
    ]);
    const checks = await checksOf(Object.fromEntries(files), wanted, '.');
    expect(statusesOf(checks)).toMatchObject({ 'node-config': 'ok', 'node-endpoints': status });
  });

  test('that it should have is named where _default does not fit', async () => {
    const files = { '_default/hosts.toml': 'server = "https://x.example.org"' };
    const { cure } = named(await checksOf(files, port, '.'), 'node-endpoints');
    expect(cure).toContain('in ETC/r.io_5000_/hosts.toml write');
  });

  test('without a hosts.toml is not passed over', async () => {
    const files = { '_default/hosts.toml': good, 'docker.io/ca.crt': '' };
    const { status, evidence } = named(await checksOf(files, needs(), '.'), 'node-endpoints');
    expect(status).toBe('failure');
    expect(evidence).toBe(
      'docker.io: ETC/docker.io/hosts.toml: there is no hosts.toml in the folder; containerd asks docker.io itself',
    );
  });

  test('is looked for in each folder of config_path, in turn', async () => {
    const files = {
      'config.toml': configPath('ETC/none:ETC/one:ETC/two'),
      'one/quay.io/hosts.toml': good,
      'two/docker.io/hosts.toml': good,
    };
    expect(named(await checksOf(files), 'node-endpoints').status).toBe('ok');
    const first = {
      ...files,
      'one/_default/hosts.toml': 'server = "https://x.example.org"\n[host]',
    };
    expect(named(await checksOf(first), 'node-endpoints').status).toBe('failure');
  });
});

test('a certs.d that was copied beside its config.toml is found there', async () => {
  const files = { 'config.toml': configPath('/etc/containerd/certs.d'), [own]: good };
  const checks = await checksOf(files);
  expect(checks.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(named(checks, 'node-config').evidence).toMatch(/its folder is read at ETC\/certs\.d$/);
});

test('a certs.d that is not here is asked for', async () => {
  const [config, ...rest] = await checksOf({ 'config.toml': configPath('/nowhere/certs.d') });
  expect(config?.status).toBe('ok');
  expect(rest).toEqual([
    {
      check: 'node-endpoints',
      status: 'skipped',
      evidence: '/nowhere/certs.d, which config_path names, is not on this machine',
      cure: 'copy the folder from the node and give it with --node-config FOLDER',
    },
  ]);
});

const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;

describe('the CA of the target', () => {
  test.each([
    ['is named', 'ca = "../ca.crt"', 'ok'],
    ['is one of several', 'ca = ["../other.crt", "../ca.crt"]', 'ok'],
    ['lies beside a copy of /etc/containerd', 'ca = "/etc/containerd/certs.d/ca.crt"', 'ok'],
    ['is not on this machine', 'ca = "/nowhere/ca.crt"', 'ok'],
    ['is another one', 'ca = "../other.crt"', 'warning'],
    ['is not named', '', 'warning'],
    ['does not matter where nothing is checked', 'skip_verify = true', 'ok'],
    ['is to lie beside the file, and does not', 'ca = "../gone.crt"', 'failure'],
    ['is no certificate', 'ca = "hosts.toml"', 'failure'],
  ])('%s', async (_, line, status) => {
    const files = {
      [own]: `${host(right, overridden, line)}`,
      'certs.d/ca.crt': pem('AAAA'),
      'certs.d/other.crt': pem('BBBB'),
    };
    const checks = await checksOf(files, needs({ caCert: pem('AAAA') }), 'certs.d');
    expect(named(checks, 'node-trust').status).toBe(status);
  });
});

describe('the login', () => {
  const pair = Buffer.from('puller:canary').toString('base64');
  const header = (value: string) => `[host."${right}".header]\nAuthorization = ${value}\n`;
  const configs = `[plugins."io.containerd.grpc.v1.cri".registry.configs."h.example.org".auth]\nauth = "${pair}"\n`;
  test.each([
    ['as a header, for containerd 2', 3, header(`"Basic ${pair}"`), '', 'ok'],
    ['as a header in an array', 3, header(`["Basic ${pair}"]`), '', 'ok'],
    ['as a header in lower case', 3, header(`"basic ${pair}"`).replace('Auth', 'auth'), '', 'ok'],
    ['as a header alone, for containerd 1', 2, header(`"Basic ${pair}"`), '', 'warning'],
    ['as a header and in config.toml', 2, header(`"Basic ${pair}"`), configs, 'ok'],
    ['in config.toml alone', 2, '', configs, 'ok'],
    ['that is no base64', 3, header('"Basic canary"'), '', 'failure'],
    ['of no kind', 3, header('"canary"'), '', 'failure'],
    ['that is missing', 3, '', '', 'failure'],
  ])('%s', async (_, version, hosts, config, status) => {
    const files = {
      'config.toml': `${configPath('ETC/certs.d', version)}${config}`,
      [own]: `${host(right, overridden)}${hosts}`,
    };
    const checks = await checksOf(files, needs({ login: true }));
    expect(named(checks, 'node-credential').status).toBe(status);
    expect(JSON.stringify(checks)).not.toMatch(new RegExp(`canary|${pair}`));
  });

  test('in an address is never shown, nor all of a long one', async () => {
    const url = 'https://puller:canary@x.example.org/a?token=canary#canary';
    const checks = await checksOf({ [own]: host(url) }, needs(), 'certs.d');
    expect(named(checks, 'node-endpoints').evidence).toContain(
      'https://***@x.example.org/a: another',
    );
    expect(JSON.stringify(checks)).not.toContain('canary');
    const long = await checksOf(
      { [own]: host(`https://x/${'a'.repeat(1e6)}`) },
      needs(),
      'certs.d',
    );
    expect(JSON.stringify(long).length).toBeLessThan(2000);
  });
});
