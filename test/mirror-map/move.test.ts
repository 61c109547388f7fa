import { describe, expect, test } from 'vitest';
import { moveMap } from '../../src/mirror-map/move.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { printEntries } from '../../src/mirror-map/print.ts';

const old = { endpoint: 'harbor.example.org', baseContentPath: 'airgap/images' };
const site = { endpoint: 'registry.site.example:5000', baseContentPath: 'm' };

function moved(map: string, from = old, to = site): string {
  return printEntries(moveMap(parseMirrorMap(map), from, to));
}

describe('a map for another target', () => {
  const cases: readonly [what: string, map: string, moved: string][] = [
    [
      'targets under the base path',
      'docker.io::harbor.example.org/airgap/images/docker.io',
      'docker.io::registry.site.example:5000/m/docker.io',
    ],
    [
      'the base path itself',
      'us-docker.pkg.dev::harbor.example.org/airgap/images',
      'us-docker.pkg.dev::registry.site.example:5000/m',
    ],
    [
      'a slash at the end stays',
      'docker.io::harbor.example.org/airgap/images/',
      'docker.io::registry.site.example:5000/m/',
    ],
    [
      "containerd's /v2/ stays, once",
      'docker.io::harbor.example.org/v2/airgap/images/d',
      'docker.io::registry.site.example:5000/v2/m/d',
    ],
    [
      'a prefix that ends in a hyphen',
      'docker.io::harbor.example.org/airgap/images/mirror-',
      'docker.io::registry.site.example:5000/m/mirror-',
    ],
    [
      '[EXACT], [REPLACE] and default',
      '[EXACT]a:1::harbor.example.org/airgap/images/b:2,[REPLACE]*/x/*::harbor.example.org/airgap/images/x,default::harbor.example.org/airgap/images/all',
      '[EXACT]a:1::registry.site.example:5000/m/b:2,[REPLACE]*/x/*::registry.site.example:5000/m/x,default::registry.site.example:5000/m/all',
    ],
    ['an empty value for another host', 'default::,quay.io::', 'default::,quay.io::'],
    [
      'the target taken out by an empty value',
      'harbor.example.org::',
      'registry.site.example:5000::',
    ],
    [
      'the old target as a source, which pods go on to name',
      'harbor.example.org::harbor.example.org/airgap/images/own',
      'harbor.example.org::registry.site.example:5000/m/own',
    ],
    [
      'a target elsewhere stays, for the plan to refuse',
      'docker.io::other.example/x,gcr.io::harbor.example.org/airgap/other',
      'docker.io::other.example/x,gcr.io::harbor.example.org/airgap/other',
    ],
    [
      'a host that only begins like the target',
      'docker.io::harbor.example.org.evil/airgap/images/d',
      'docker.io::harbor.example.org.evil/airgap/images/d',
    ],
    [
      'a path that only begins like the base path',
      'docker.io::harbor.example.org/airgap/images-2/d',
      'docker.io::harbor.example.org/airgap/images-2/d',
    ],
    [
      'the target among the patterns',
      'noswap_wildcards::localhost,harbor.example.org',
      'noswap_wildcards::localhost,registry.site.example:5000',
    ],
    [
      'a pattern with the base path',
      'noswap_wildcards::harbor.example.org/airgap/images',
      'noswap_wildcards::registry.site.example:5000/m',
    ],
    [
      'a pattern that found the old target by a part of it',
      'noswap_wildcards::.example.org',
      'noswap_wildcards::.example.org,registry.site.example:5000',
    ],
    [
      'a pattern that finds the new one too',
      'noswap_wildcards::example',
      'noswap_wildcards::example',
    ],
    ['patterns that have nothing to do with it', 'noswap_wildcards::ecr', 'noswap_wildcards::ecr'],
  ];
  test.each(cases)('%s', (_, map, expected) => {
    expect(moved(map)).toBe(expected);
  });

  test('to and from an empty base path', () => {
    const bare = { ...site, baseContentPath: '' };
    expect(
      moved(
        'a.b::harbor.example.org/airgap/images,c.d::harbor.example.org/airgap/images/c',
        old,
        bare,
      ),
    ).toBe('a.b::registry.site.example:5000,c.d::registry.site.example:5000/c');
    expect(
      moved('a.b::registry.site.example:5000,c.d::registry.site.example:5000/c', bare, old),
    ).toBe('a.b::harbor.example.org/airgap/images,c.d::harbor.example.org/airgap/images/c');
  });

  test('there and back is the same map', () => {
    const map =
      'docker.io::harbor.example.org/airgap/images/d,default::,noswap_wildcards::x,harbor.example.org';
    expect(moved(moved(map), site, old)).toBe(map);
  });
});
