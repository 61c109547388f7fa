import { describe, expect, test } from 'vitest';
import { imagesInText } from '../../src/image-sources/free-text.ts';
import { looksLikeImage, speaksOfImage } from '../../src/image-sources/shape.ts';

const digest = `sha256:${'a'.repeat(64)}`;

const found = (text: string) => imagesInText(text).map(({ image }) => image);

describe('a word that is an image wherever it stands', () => {
  test.each([
    'quay.io/argoproj/argoexec:v4.0.6',
    'registry.k8s.io/pause:3.10',
    'docker.io/library/busybox:latest',
    'docker.io/library/busybox:stable-glibc',
    'localhost:5000/app:1',
    '10.0.0.5:5000/team/app:2024.1',
    'registry:5000/app:v2',
    'registry.gitlab.com/group/project/app:17.1.0',
    'gcr.io/distroless/static:nonroot',
    'xpkg.upbound.io/crossplane/provider-aws:v0.50.0',
    'grafana/grafana:10.4.1',
    'rancher/mirrored-pause:3.6',
    'library/nginx:latest',
    'org/team/app:v1',
    'org/app:20240131',
    `nginx@${digest}`,
    `a/b@${digest}`,
    `quay.io/a/b:v1@${digest}`,
    `quay.io/a/b@${digest}`,
  ])('%s', (text) => {
    expect(looksLikeImage(text)).toBe(true);
    expect(found(`see "${text}", then go on`)).toEqual([text]);
  });
});

describe('a word that is none, even beside one that speaks of images', () => {
  test.each([
    ['a URL', 'https://quay.io/a/b:v1'],
    ['a URL with a port', 'http://app.example.org:8080/image:1'],
    ['an OCI artifact by URL', 'oci://ghcr.io/org/chart:1.0.0'],
    ['a bucket', 's3://bucket/image:1'],
    ['an absolute path', '/var/lib/images/a:1'],
    ['a path from here', './images/a:1.0'],
    ['a picture', 'cdn.example.org/logo.png'],
    ['a picture by a short path', 'assets/logo.svg'],
    ['a Go module', 'github.com/org/repo'],
    ['a Go module with its version', 'github.com/org/repo@v1.2.3'],
    ['a repository by SSH', 'git@github.com:org/repo'],
    ['a group and version', 'networking.k8s.io/v1'],
    ['a group, version and kind', 'monitoring.coreos.com/v1:ServiceMonitor'],
    ['a label', 'app.kubernetes.io/name'],
    ['a label and its value', 'app.kubernetes.io/version:1.0'],
    ['a taint', 'node.example.org/not-ready:NoSchedule'],
    ['a host and port', 'redis:6379'],
    ['a host and port, long', 'redis.default.svc.cluster.local:6379'],
    ['an address and port', '10.0.0.1:8080'],
    ['a Service and port', 'default/web:8080'],
    ['a network', '10.0.0.0/8'],
    ['a time', '12:30:05'],
    ['a date and time', '2024-01-02T03:04:05Z'],
    ['a date in parts', '2024/01/02'],
    ['a cron line', '*/5'],
    ['an ARN', 'arn:aws:iam::123456789012:role/app'],
    ['a metric', 'node_cpu:rate:5m'],
    ['a media type', 'application/vnd.oci.image.manifest.v1'],
    ['a user', 'system:serviceaccount:kube-system:default'],
    ['an id', 'a'.repeat(64)],
    ['a digest', digest],
    ['a bare name', 'nginx'],
    ['a name in upper case', 'MyApp/Image:1'],
    ['two colons', 'a/b:c:1'],
    ['nothing', ''],
  ])('%s: %s', (_, text) => {
    expect(looksLikeImage(text)).toBe(false);
    expect(looksLikeImage(text, true)).toBe(false);
    expect(found(`see ${text} and\n  go on`)).toEqual([]);
  });
});

describe('a word that takes a hint', () => {
  test.each([
    'busybox:1.36',
    'postgres:16',
    'org/app:16',
    'org/app:debug',
    'quay.io/org/app',
    'quay.io/org/app:custom',
  ])('%s', (text) => {
    expect(looksLikeImage(text)).toBe(false);
    expect(looksLikeImage(text, true)).toBe(true);
  });
});

describe('names that give a hint', () => {
  test.each(['--executor-image', 'RELATED_IMAGE_PROXY', 'image', 'sidecarImage', 'helper_image'])(
    '%s',
    (name) => expect(speaksOfImage(name)).toBe(true),
  );
  test.each([
    ...['imagePullPolicy', 'image-registry', 'IMAGE_REPOSITORY', 'imagePullSecrets'],
    ...['--image-pull-progress-deadline', 'image.tag', 'imageDigest', '--loglevel'],
  ])('not %s', (name) => expect(speaksOfImage(name)).toBe(false));
});

describe('a text', () => {
  test.each<[string, string, string[]]>([
    ['flags', '--helper-image busybox:1.36 --to redis:6379', ['busybox:1.36']],
    ['a flag with =', '--helper-image=busybox:1.36 --url=a:1', ['busybox:1.36']],
    ['a variable', 'export BASE_IMAGE="busybox:1.36"', ['busybox:1.36']],
    ['TOML', 'helper_image = "org/helper:x86"', ['org/helper:x86']],
    ['JSON', '{"image":"busybox:1.36","port":"a:80"}', ['busybox:1.36']],
    ['JSON in JSON', '{\\"image\\":\\"quay.io/a/b:1\\"}', ['quay.io/a/b:1']],
    [
      'a list',
      'quay.io/a/b:1,quay.io/c/d:2;org/e:v3',
      ['quay.io/a/b:1', 'quay.io/c/d:2', 'org/e:v3'],
    ],
    ['the end of a sentence', 'It runs quay.io/a/b:1.', ['quay.io/a/b:1']],
    [
      'a transport',
      'skopeo copy docker://quay.io/a/b docker://org/c:x',
      ['quay.io/a/b', 'org/c:x'],
    ],
    ['a comment', '# image: quay.io/a/b:1\n  // quay.io/c/d:2', []],
    ['a template', 'image: {{ .registry }}/a/b:{{ .tag }}\nimage: quay.io/a/{{ .name }}:1', []],
    ['a template over lines', '{{ if\n "quay.io/a/b:1" }}', []],
    ['a template beside an image', '{{ .x }} quay.io/a/b:1', ['quay.io/a/b:1']],
    ['shell variables', `quay.io/a/b:$TAG quay.io/\${ORG}/b:1 quay.io/a/b:$(TAG)`, []],
    ['placeholders', 'quay.io/a/b:<version> quay.io/a/b:%s quay.io/a/b-%d:1', []],
    ['a sentence on images', 'The image docker.io/library is meant', []],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test('tells the lines', () => {
    const lines = imagesInText('a\n\nimage: org/a:1\n').map(({ line }) => line);
    expect(lines).toEqual([2]);
  });
});
