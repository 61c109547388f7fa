import { describe, expect, test } from 'vitest';
import { formatReference, isRegistryHost, parseReference } from '../../src/oci/reference.ts';

const digest = `sha256:${'f'.repeat(64)}`;
const sha512 = `sha512:${'f'.repeat(128)}`;
const hex = 'ed7c4bf0f0e33e1d9a0a4d1f9a3b5b4b5b7b2c2c6f1a8e0d4c3b2a1908070605';

describe('names are completed as docker does', () => {
  // Vectors of github.com/distribution/reference v0.6.0, reference_test.go and normalize_test.go.
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['test_com', 'docker.io/library/test_com:latest'],
    ['test.com:tag', 'docker.io/library/test.com:tag'],
    ['test.com:5000', 'docker.io/library/test.com:5000'],
    ['192.168.1.1:5000', 'docker.io/library/192.168.1.1:5000'],
    ['foo_bar.com:8080', 'docker.io/library/foo_bar.com:8080'],
    ['docker/docker', 'docker.io/docker/docker:latest'],
    ['foo/foo_bar.com:8080', 'docker.io/foo/foo_bar.com:8080'],
    ['library/debian', 'docker.io/library/debian:latest'],
    ['debian/library/x', 'docker.io/debian/library/x:latest'],
    ['docker.io/debian', 'docker.io/library/debian:latest'],
    [
      'docker.io/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a',
      'docker.io/library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a:latest',
    ],
    ['index.docker.io/docker/docker', 'docker.io/docker/docker:latest'],
    ['index.docker.io/debian:1', 'docker.io/library/debian:1'],
    ['localhost/library/x', 'localhost/library/x:latest'],
    ['localhost/x', 'localhost/x:latest'],
    ['test:5000/repo:tag', 'test:5000/repo:tag'],
    [`test:5000/repo@${digest}`, `test:5000/repo@${digest}`],
    [`test:5000/repo:tag@${digest}`, `test:5000/repo:tag@${digest}`],
    ['192.168.1.1:5000/repo:5050', '192.168.1.1:5000/repo:5050'],
    [
      'b.gcr.io/test.example.com/my-app:test.example.com',
      'b.gcr.io/test.example.com/my-app:test.example.com',
    ],
    ['sub-dom1.foo.com/bar/baz/quux', 'sub-dom1.foo.com/bar/baz/quux:latest'],
    [`xn--7o8h.com/myimage:xn--7o8h.com@${sha512}`, `xn--7o8h.com/myimage:xn--7o8h.com@${sha512}`],
    ['Uppercase/lowercase:tag', 'Uppercase/lowercase:tag'],
    ['HOST.example/a', 'HOST.example/a:latest'],
    ['lowercase:Uppercase', 'docker.io/library/lowercase:Uppercase'],
    ['[2001:db8::1]/repo', '[2001:db8::1]/repo:latest'],
    ['[2001:db8:1:2:3:4:5:6]:5000/repo:tag', '[2001:db8:1:2:3:4:5:6]:5000/repo:tag'],
    ['[::]:5000/repo', '[::]:5000/repo:latest'],
    ['a/b__c--d---e.f_g/0:_', 'docker.io/a/b__c--d---e.f_g/0:_'],
    [`a:${'t'.repeat(128)}`, `docker.io/library/a:${'t'.repeat(128)}`],
    [`h.io/${'a'.repeat(255)}`, `h.io/${'a'.repeat(255)}:latest`],
    [
      `h.io/${'a/'.repeat(127)}a:over-all-this-is-longer`,
      `h.io/${'a/'.repeat(127)}a:over-all-this-is-longer`,
    ],
  ])('%s', (text, canonical) => {
    expect(formatReference(parseReference(text))).toBe(canonical);
    expect(formatReference(parseReference(canonical))).toBe(canonical);
  });
});

describe('parts', () => {
  test('a tag and a digest are both kept', () => {
    const parts = { registry: 'h.io:1', repository: 'a/b', tag: 'v1', digest };
    expect(parseReference(`h.io:1/a/b:v1@${digest}`)).toEqual(parts);
  });

  test('beside a digest no tag is made up', () => {
    expect(parseReference(`a@${digest}`)).toEqual({
      registry: 'docker.io',
      repository: 'library/a',
      digest,
    });
  });
});

describe('what is refused, and why', () => {
  test.each([
    ['', 'must not be empty'],
    [hex, 'image id'],
    [':justtag', '"library/" is not a repository'],
    [`@${digest}`, '"library/" is not a repository'],
    ['Uppercase:tag', 'must be in lower case'],
    ['test:5000/Uppercase/lowercase:tag', 'must be in lower case'],
    ['docker.io/Foo', 'must be in lower case'],
    ['a//b', 'is not a repository'],
    ['a/b/', 'is not a repository'],
    ['/a', 'is not a repository'],
    ['a b', 'is not a repository'],
    ['a..b', 'is not a repository'],
    ['a___b', 'is not a repository'],
    ['a.-b', 'is not a repository'],
    ['-a', 'is not a repository'],
    ['a-', 'is not a repository'],
    ['aa/asdf$$^/aa', 'is not a repository'],
    ['é', 'is not a repository'],
    ['a\n', 'is not a repository'],
    [`h.io/${'a'.repeat(256)}`, '256 characters, 255 are allowed'],
    ['a:', '"" is not a tag'],
    ['a:-x', '"-x" is not a tag'],
    ['a:1:2', '"1:2" is not a tag'],
    [`a:${'t'.repeat(129)}`, 'is not a tag'],
    ['a@', '"" is not a sha256'],
    ['repo@sha256:ffffffffffffffffffffffffffffffffff', 'is not a sha256'],
    [`repo@sha256:${'F'.repeat(64)}`, 'in lower case'],
    [`repo@other:${'f'.repeat(64)}`, 'is not a sha256'],
    [`a@${digest}@${digest}`, 'is not a sha256'],
    ['[2001:db8::1]', 'is not a repository'],
    ['[fe80::1%eth0]:5000/repo', 'host[:port]'],
    ['[::ffff:1.2.3.4]/repo', 'host[:port]'],
    ['[2001:db8::1/repo', 'host[:port]'],
    ['a..b/c', 'host[:port]'],
    ['-a.b/c', 'host[:port]'],
    ['my_registry.io/c', 'host[:port]'],
    ['h:port/c', 'host[:port]'],
    ['https://h.io/a', 'host[:port]'],
  ])('%j: %s', (text, why) => {
    expect(() => parseReference(text)).toThrow(RangeError);
    expect(() => parseReference(text)).toThrow(why);
  });
});

test.each([
  ['docker.io', true],
  ['localhost', true],
  ['registry:5000', true],
  ['[::1]:5000', true],
  ['docker.io/library', false],
  ['docker.io:', false],
  ['noswap_wildcards', false],
  ['', false],
])('%s is a registry host: %s', (text, expected) => {
  expect(isRegistryHost(text)).toBe(expected);
});

test('a name made to keep a backtracking grammar busy is refused', () => {
  expect(() => parseReference(`h.io/${'a-'.repeat(50_000)}`)).toThrow(RangeError);
  expect(() => parseReference(`${'a-'.repeat(50_000)}.b/c`)).toThrow(RangeError);
});
