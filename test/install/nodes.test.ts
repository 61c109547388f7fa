import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { type NodesInput, nodeFiles, nodeMirrors } from '../../src/install/nodes.ts';
import type { MapEntry } from '../../src/mirror-map/map.ts';

const entry = (key: string, value: string, kind: MapEntry['kind'] = 'registry') => ({
  kind,
  key,
  value,
  line: 1,
  column: 1,
});
const input = (entries: MapEntry[], more: Partial<NodesInput> = {}): NodesInput => ({
  entries,
  endpoint: 'h.example.org',
  plainHttp: false,
  insecureSkipVerify: false,
  ...more,
});

describe('the address that containerd is given', () => {
  test.each([
    ['h.example.org/a/docker.io', 'https://h.example.org/v2/a/docker.io'],
    ['h.example.org:5000/a', 'https://h.example.org:5000/v2/a'],
    ['h.example.org', 'https://h.example.org/v2'],
    ['h.example.org/a/', 'https://h.example.org/v2/a'],
    ['h.example.org/v2/a', 'https://h.example.org/v2/a'],
    ['h.example.org/a/v2/b', 'https://h.example.org/v2/a/v2/b'],
  ])('%s becomes %s', (target, url) => {
    expect(nodeMirrors(input([entry('docker.io', target)]))).toEqual([
      { registry: 'docker.io', url },
    ]);
  });

  test('is plain HTTP where the target is', () => {
    const mirrors = nodeMirrors(input([entry('quay.io', 'h:5000/q')], { plainHttp: true }));
    expect(mirrors).toEqual([{ registry: 'quay.io', url: 'http://h:5000/v2/q' }]);
  });
});

test.each<[string, MapEntry]>([
  ['default', entry('default', 'h/x', 'default')],
  ['[EXACT]', entry('nginx', 'h/x', 'exact')],
  ['[REPLACE]', entry('quay.io/*', 'h/x', 'replace')],
  ['noswap_wildcards', entry('noswap_wildcards', 'h', 'noswap')],
  ['an empty value', entry('quay.io', '')],
  ['a value with a dash at its end', entry('quay.io', 'h/x-')],
  ['docker.io/library', entry('docker.io/library', 'h/x')],
])('%s means nothing to containerd: no file', (_, other) => {
  expect(nodeFiles(input([other]))).toEqual([]);
});

describe('the files', () => {
  const files = (more?: Partial<NodesInput>) => {
    const entries = [entry('docker.io', 'h.example.org/a'), entry('r.io:5000', 'h.example.org/b')];
    return new Map(
      nodeFiles(input(entries, more)).map(({ path, bytes }) => [path, bytes.toString()]),
    );
  };

  test('config.toml has one mirror an entry', () => {
    expect(parse(files().get('nodes/config.toml') ?? '')).toEqual({
      version: 2,
      plugins: {
        'io.containerd.grpc.v1.cri': {
          registry: {
            mirrors: {
              'docker.io': { endpoint: ['https://h.example.org/v2/a'] },
              'r.io:5000': { endpoint: ['https://h.example.org/v2/b'] },
            },
          },
        },
      },
    });
  });

  test('hosts.toml falls back to the mirror itself, not to the internet', () => {
    const how = { capabilities: ['pull', 'resolve'], override_path: true };
    expect([...files().keys()]).toEqual([
      'nodes/config.toml',
      'nodes/config-path-v2.toml',
      'nodes/config-path-v3.toml',
      'nodes/certs.d/docker.io/hosts.toml',
      'nodes/certs.d/r.io_5000_/hosts.toml',
      'nodes/README.txt',
    ]);
    expect(parse(files().get('nodes/certs.d/docker.io/hosts.toml') ?? '')).toEqual({
      server: 'https://h.example.org/v2/a',
      ...how,
      host: { 'https://h.example.org/v2/a': how },
    });
  });

  test('say so when certificates are not checked', () => {
    const insecure = files({ insecureSkipVerify: true });
    expect(parse(insecure.get('nodes/config.toml') ?? '')).toMatchObject({
      plugins: {
        'io.containerd.grpc.v1.cri': {
          registry: { configs: { 'h.example.org': { tls: { insecure_skip_verify: true } } } },
        },
      },
    });
    expect(parse(insecure.get('nodes/certs.d/docker.io/hosts.toml') ?? '')).toMatchObject({
      skip_verify: true,
      host: { 'https://h.example.org/v2/a': { skip_verify: true } },
    });
  });

  test.each([
    ['nodes/config-path-v2.toml', 2, 'io.containerd.grpc.v1.cri'],
    ['nodes/config-path-v3.toml', 3, 'io.containerd.cri.v1.images'],
  ])('%s leads to certs.d, by the name that version %i has for it', (path, version, plugin) => {
    expect(parse(files().get(path) ?? '')).toEqual({
      version,
      plugins: { [plugin]: { registry: { config_path: '/etc/containerd/certs.d' } } },
    });
  });

  test('lie beside the CA, and name it', () => {
    const caCert = '-----BEGIN CERTIFICATE-----';
    const withCa = files({ caCert });
    expect(withCa.get('nodes/certs.d/ca.crt')).toBe(caCert);
    expect(parse(withCa.get('nodes/config.toml') ?? '')).toMatchObject({
      plugins: {
        'io.containerd.grpc.v1.cri': {
          registry: {
            configs: { 'h.example.org': { tls: { ca_file: '/etc/containerd/certs.d/ca.crt' } } },
          },
        },
      },
    });
    expect(parse(withCa.get('nodes/certs.d/docker.io/hosts.toml') ?? '')).toMatchObject({
      ca: '../ca.crt',
      host: { 'https://h.example.org/v2/a': { ca: '../ca.crt' } },
    });
  });
});
