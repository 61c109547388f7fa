import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { genericPurl, ociPurl } from '../../src/sbom/purl.ts';

const digest = `sha256:${'2'.repeat(64)}` as Digest;
const long = `sha512:${'5'.repeat(128)}` as Digest;

describe('an image as a package URL', () => {
  // The first three are of purl-spec's tests/types/oci-test.json, but for the digest.
  test.each([
    [
      'debian',
      ['linux/amd64'],
      `pkg:oci/debian@${digest}?arch=amd64&repository_url=docker.io%2Flibrary%2Fdebian&tag=latest`,
    ],
    [
      'ghcr.io/debian:bullseye',
      [],
      `pkg:oci/debian@${digest}?repository_url=ghcr.io%2Fdebian&tag=bullseye`,
    ],
    [
      'gcr.io/distroless/static:latest',
      [],
      `pkg:oci/static@${digest}?repository_url=gcr.io%2Fdistroless%2Fstatic&tag=latest`,
    ],
    [
      'index.docker.io/nginx:1.27',
      ['linux/amd64', 'linux/arm64'],
      `pkg:oci/nginx@${digest}?repository_url=docker.io%2Flibrary%2Fnginx&tag=1.27`,
    ],
    [
      'Registry.Example.org:5000/a/b_c/d-e:V1.0_RC.1-x',
      ['linux/arm/v7'],
      `pkg:oci/d-e@${digest}?arch=arm&repository_url=Registry.Example.org:5000%2Fa%2Fb_c%2Fd-e&tag=V1.0_RC.1-x`,
    ],
    [`quay.io/a/b@${digest}`, [], `pkg:oci/b@${digest}?repository_url=quay.io%2Fa%2Fb`],
    [`quay.io/a/b:1@${digest}`, [], `pkg:oci/b@${digest}?repository_url=quay.io%2Fa%2Fb&tag=1`],
    ['[::1]:5000/a:1', [], `pkg:oci/a@${digest}?repository_url=%5B::1%5D:5000%2Fa&tag=1`],
    ['a.example/a:1', ['?&='], `pkg:oci/a@${digest}?repository_url=a.example%2Fa&tag=1`],
  ])('%s %j', (source, platforms, purl) => {
    expect(ociPurl(parseReference(source), digest, platforms)).toBe(purl);
  });

  test('of a sha512 digest', () => {
    expect(ociPurl(parseReference('a.example/a:1'), long)).toBe(
      `pkg:oci/a@${long}?repository_url=a.example%2Fa&tag=1`,
    );
  });
});

describe('what has no type of its own', () => {
  test.each([
    ['Sample', '1.0.0', undefined, 'pkg:generic/Sample@1.0.0'],
    [
      'image-swap',
      '1.5.3+build.1',
      digest,
      `pkg:generic/image-swap@1.5.3%2Bbuild.1?checksum=${digest}`,
    ],
    [
      "a/b@c?d#e%f g!'()*",
      'é\u202e',
      undefined,
      'pkg:generic/a%2Fb%40c%3Fd%23e%25f%20g%21%27%28%29%2A@%C3%A9%E2%80%AE',
    ],
  ])('%s %s', (name, version, checksum, purl) => {
    expect(genericPurl(name, version, checksum)).toBe(purl);
  });
});
