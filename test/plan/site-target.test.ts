import { describe, expect, test } from 'vitest';
import type { Site } from '../../src/inputs/site.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { type Destination, siteTarget } from '../../src/plan/site-target.ts';

const map =
  'docker.io::harbor.example.org/airgap/docker.io,noswap_wildcards::x , harbor.example.org';
/** Reached otherwise than the cluster is told, as `registries` of bundle.yaml may say. */
const signed: Destination = {
  section: {
    endpoint: 'harbor.example.org',
    name: 'harbor',
    baseContentPath: 'airgap',
    insecureSkipVerify: true,
    caCert: 'PEM of the section',
    mirrorRegistries: map,
    mirrorMap: parseMirrorMap(map),
  },
  access: { plainHttp: true, insecureSkipVerify: false, caCert: 'PEM of registries' },
  pullThrough: ['harbor.example.org/airgap/hub'],
};

function at(said: Partial<Site>): Destination {
  return siteTarget({ path: '/site.yaml', access: {}, ...said }, signed);
}

test('a file that names nothing new leaves all as it is, the map in its own spelling', () => {
  expect(at({})).toEqual(signed);
  expect(at({ endpoint: 'harbor.example.org', baseContentPath: 'airgap' })).toEqual(signed);
});

test('another endpoint is another registry: nothing of how the old one is reached holds', () => {
  const { section, access, pullThrough } = at({ endpoint: 'r.example' });
  expect(section).toMatchObject({
    endpoint: 'r.example',
    name: 'harbor',
    baseContentPath: 'airgap',
    insecureSkipVerify: false,
    mirrorRegistries: 'docker.io::r.example/airgap/docker.io,noswap_wildcards::x,r.example',
  });
  expect(section.mirrorMap.entries).toEqual(parseMirrorMap(section.mirrorRegistries).entries);
  expect(section).not.toHaveProperty('caCert');
  expect(access).toEqual({ plainHttp: false, insecureSkipVerify: false });
  expect(pullThrough).toEqual(['r.example/airgap/hub']);
});

test('a map in lines stays one, commas in its entries too', () => {
  const lines =
    '# ours\n[REPLACE]*/a,b/*::harbor.example.org/airgap/x\nquay.io::harbor.example.org/airgap/q\n';
  const section = { ...signed.section, mirrorRegistries: lines, mirrorMap: parseMirrorMap(lines) };
  const there = siteTarget({ path: '', access: {}, endpoint: 'r.example' }, { ...signed, section });
  expect(there.section.mirrorRegistries).toBe(
    '[REPLACE]*/a,b/*::r.example/airgap/x\nquay.io::r.example/airgap/q\n',
  );
});

test('another base path alone is the same registry', () => {
  const { section, access, pullThrough } = at({ baseContentPath: '' });
  expect(section).toMatchObject({
    insecureSkipVerify: true,
    caCert: 'PEM of the section',
    mirrorRegistries:
      'docker.io::harbor.example.org/docker.io,noswap_wildcards::x,harbor.example.org',
  });
  expect(access).toEqual(signed.access);
  expect(pullThrough).toEqual(['harbor.example.org/hub']);
});

describe('how the registry is reached', () => {
  const cases: readonly [what: string, said: Partial<Site>, expected: object][] = [
    [
      'a CA of the section is for our own requests too',
      { caCert: 'PEM' },
      { section: { caCert: 'PEM' }, access: { caCert: 'PEM', plainHttp: true } },
    ],
    [
      'what registries says wins for our own requests alone',
      {
        endpoint: 'r.example',
        caCert: 'PEM',
        access: { 'r.example': { caCert: 'OTHER', plainHttp: true } },
      },
      { section: { caCert: 'PEM' }, access: { caCert: 'OTHER', plainHttp: true } },
    ],
    [
      'a certificate that is not verified is said for cluster and us',
      { endpoint: 'r.example', insecureSkipVerify: true },
      { section: { insecureSkipVerify: true }, access: { insecureSkipVerify: true } },
    ],
    [
      'false takes back what the bundle has',
      { insecureSkipVerify: false, access: { 'harbor.example.org': { plainHttp: false } } },
      { section: { insecureSkipVerify: false }, access: { plainHttp: false } },
    ],
  ];
  test.each(cases)('%s', (_, said, expected) => {
    expect(at(said)).toMatchObject(expected);
  });

  test('an empty CA takes away those of the bundle', () => {
    const { section, access } = at({ caCert: '' });
    expect(section).not.toHaveProperty('caCert');
    expect(access).not.toHaveProperty('caCert');
  });

  test.each([
    [{ access: { 'r.example': { plainHttp: true } } }, 'harbor.example.org'],
    [{ endpoint: 'a.example', access: { 'r.example': {} } }, 'a.example'],
  ])('of another registry than the endpoint is refused: %j', (said, endpoint) => {
    expect(() => at(said)).toThrow(
      expect.objectContaining({
        class: 'usage',
        message: 'registries."r.example" is not the endpoint',
        expected: endpoint,
      }),
    );
  });
});

test('a map of its own stays as written, and a cache must lie at the endpoint', () => {
  const own = 'quay.io::r.example/q';
  const said = { endpoint: 'r.example', baseContentPath: '', pullThrough: ['r.example/q/'] };
  const there = at({ ...said, map: { mirrorRegistries: own, mirrorMap: parseMirrorMap(own) } });
  expect(there.section.mirrorRegistries).toBe(own);
  expect(there.pullThrough).toEqual(['r.example/q']);
  expect(() => at({ endpoint: 'r.example', pullThrough: ['harbor.example.org/q'] })).toThrow(
    'pullThrough[0] does not lie in the target',
  );
});
