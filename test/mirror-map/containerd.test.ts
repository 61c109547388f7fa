import { expect, test } from 'vitest';
import { containerdReferences } from '../../src/mirror-map/containerd.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const map = parseMirrorMap(`
default::H.example/d
noswap_wildcards::H.example
[EXACT]mcr.example/x:1::H.example/x:1
[REPLACE]*nginx*::H.example/r
docker.io/library::H.example/l
docker.io::h.example/airgap/docker.io
quay.io::h.example:8443/v2/quay
gcr.io::h.example/v2
k8s.gcr.io::h.example/k8s/v2/
ghcr.io::h.example/m-
public.ecr.aws::
r.example:5000::h.example/port
localhost::h.example/local
twice.example::h.example/first
twice.example::h.example/second
bad.example::https://h.example/x
`);

test.each([
  ['Docker Hub gets its library', 'nginx:1.27', ['h.example/airgap/docker.io/library/nginx:1.27']],
  [
    'so does docker.io/name',
    'docker.io/nginx',
    ['h.example/airgap/docker.io/library/nginx:latest'],
  ],
  ['and index.docker.io', 'index.docker.io/a/b:1', ['h.example/airgap/docker.io/a/b:1']],
  ['a digest stays', `a/b@${digest}`, [`h.example/airgap/docker.io/a/b@${digest}`]],
  ['a tag beside it, too', `a/b:1@${digest}`, [`h.example/airgap/docker.io/a/b:1@${digest}`]],
  ['/v2/ is in no repository', 'quay.io/a/b:1', ['h.example:8443/quay/a/b:1']],
  ['nor alone', 'gcr.io/a/b:1', ['h.example/a/b:1']],
  ['further down v2 is a name', 'k8s.gcr.io/a:1', ['h.example/k8s/v2/a:1']],
  ['a prefix for the webhook alone', 'ghcr.io/a/b:1', []],
  ['an empty value', 'public.ecr.aws/a/b:1', []],
  ['the port is part of the key', 'r.example:5000/a:1', ['h.example/port/a:1']],
  ['with another port: no key', 'r.example:6000/a:1', []],
  ['without a port: no key', 'r.example/a:1', []],
  ['localhost is a registry', 'localhost/a:1', ['h.example/local/a:1']],
  ['the later of two equal keys', 'twice.example/a:1', ['h.example/second/a:1']],
  ['[EXACT] means nothing', 'mcr.example/x:1', []],
  ['nor do [REPLACE] and default', 'other.example/nginx:1', []],
  ['a target that is no reference', 'bad.example/a:1', []],
  ['a name that no grammar accepts', 'quay.io/A/b:1', []],
])('%s: %s', (_, image, expected) => {
  expect(containerdReferences(map, image)).toEqual(expected);
});
