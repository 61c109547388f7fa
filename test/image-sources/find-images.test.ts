import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { foundIn } from './found.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** A Deployment with these lines in its container, whose image stands in line 5. */
const deployment = (...lines: string[]) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [
  {name: a, image: 'org/web:1'${lines.map((line) => `,\n  ${line}`).join('')}}]}}}
`;
const at = 'Deployment shop/web spec.template.spec.containers[0]';
const web = `5 org/web:1 ${at}.image`;

/** An object of a custom resource with these lines. */
const custom = (...lines: string[]) =>
  `apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\nspec:\n${lines.map((line) => `  ${line}\n`).join('')}`;

const configMap = (...lines: string[]) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n${lines.map((line) => `  ${line}\n`).join('')}`;

const secret = (key: string, ...lines: string[]) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n${key}:\n${lines.map((line) => `  ${line}\n`).join('')}`;

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('manifests as vendors give them', () => {
  const fixture = async (name: string) =>
    foundIn(await readFile(join(import.meta.dirname, '../fixtures/manifests', name), 'utf8'));

  test('argo-workflows.yaml, its executor among the suspected', async () => {
    const name = 'Deployment default/argo-argo-workflows';
    const job = 'Job default/argo-argo-workflows-crd-install';
    const field = 'spec.template.spec.containers[0]';
    expect(await fixture('argo-workflows.yaml')).toEqual([
      `651 quay.io/argoproj/workflow-controller:v4.0.6 ${name}-workflow-controller ${field}.image`,
      `? 658 quay.io/argoproj/argoexec:v4.0.6 ${name}-workflow-controller ${field}.args[3]`,
      `741 quay.io/argoproj/argocli:v4.0.6 ${name}-server ${field}.image`,
      `892 registry.k8s.io/kubectl:v1.36.2 ${job} ${field}.image`,
    ]);
  });

  test('ingress-nginx.yaml, tags and digests kept', async () => {
    const certgen =
      'registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.9@sha256:01038e7de14b78d702d2849c3aad72fd25903c4765af63cf16aa3398f5d5f2dd';
    const field = 'spec.template.spec.containers[0].image';
    expect(await fixture('ingress-nginx.yaml')).toEqual([
      `355 registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1 Deployment default/ingress-nginx-controller ${field}`,
      `658 ${certgen} Job default/ingress-nginx-admission-create ${field}`,
      `720 ${certgen} Job default/ingress-nginx-admission-patch ${field}`,
    ]);
  });
});

describe('workloads of Kubernetes', () => {
  test.each<[string, string, string[]]>([
    [
      'every kind of container of a pod',
      `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers: [{name: i, image: init}]
  containers: [{name: c, image: org/main}]
  ephemeralContainers: [{name: e, image: 'debug:1'}]
  volumes:
    - {name: v, image: {reference: 'quay.io/models/m:1', pullPolicy: Always}}
    - {name: w, emptyDir: {}}`,
      [
        '5 init Pod p spec.initContainers[0].image',
        '6 org/main Pod p spec.containers[0].image',
        '7 debug:1 Pod p spec.ephemeralContainers[0].image',
        '9 quay.io/models/m:1 Pod p spec.volumes[0].image.reference',
      ],
    ],
    [
      'a CronJob',
      `apiVersion: batch/v1
kind: CronJob
metadata: {generateName: nightly-, namespace: ops}
spec: {schedule: '*/5 * * * *', jobTemplate: {spec: {template: {spec: {containers: [{image: a:1}]}}}}}`,
      ['4 a:1 CronJob ops/nightly- spec.jobTemplate.spec.template.spec.containers[0].image'],
    ],
    [
      'a List, its objects named for themselves',
      `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{image: x:1}]}}
  - {apiVersion: v1, kind: PodTemplate, metadata: {name: b}, template: {spec: {containers: [{image: y:1}]}}}`,
      [
        '4 x:1 Pod a spec.containers[0].image',
        '5 y:1 PodTemplate b template.spec.containers[0].image',
      ],
    ],
    [
      'a name that is none, to be told',
      deployment().replace('org/web:1', 'Org/Web:1'),
      [`5 Org/Web:1 ${at}.image`],
    ],
    ['an image that is empty, or put in later', deployment().replace('org/web:1', 'auto'), []],
    ['an image that is null', deployment().replace("'org/web:1'", '~'), []],
    [
      'tag and digest',
      deployment().replace('org/web:1', `org/web:1@${digest}`),
      [`5 org/web:1@${digest} ${at}.image`],
    ],
    [
      'anchors, aliases and merges',
      `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - &base {name: a, image: 'a:1'}
    - {<<: *base, name: b}
    - *base`,
      [
        '6 a:1 Pod p spec.containers[0].image',
        '6 a:1 Pod p spec.containers[1].image',
        '6 a:1 Pod p spec.containers[2].image',
      ],
    ],
    [
      'a volume of Ceph, whose images are others',
      `apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{image: a:1}], volumes: [{name: v, rbd: {image: disk, pool: x}}]}`,
      ['4 a:1 Pod p spec.containers[0].image'],
    ],
    [
      'what it says of itself',
      `${deployment()}status: {image: 'old:1', text: 'quay.io/old/a:1'}\n`.replace(
        'namespace: shop}',
        `namespace: shop, managedFields: [{f: 'quay.io/a/b:1'}], annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"image":"quay.io/old/b:1"}'}}`,
      ),
      [web],
    ],
    [
      'what has happened',
      `apiVersion: v1
kind: Event
metadata: {name: e}
message: 'Pulling image "quay.io/a/b:1"'`,
      [],
    ],
    [
      'several documents, comments and empty ones',
      `# x: quay.io/a/b:1\n---\n---\n${deployment()}\n---\n`,
      [`8 org/web:1 ${at}.image`],
    ],
    [
      'JSON',
      JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'p' },
          spec: { containers: [{ image: 'a:1' }] },
        },
        null,
        1,
      ),
      ['10 a:1 Pod p spec.containers[0].image'],
    ],
  ])('%s', (_, text, expected) => {
    expect(foundIn(text)).toEqual(expected);
  });
});

describe('images that hide in a workload', () => {
  test.each<[string, string, string[]]>([
    [
      'a flag and the next item',
      `args: [--executor-image, quay.io/a/exec:v1]`,
      [`6 quay.io/a/exec:v1 ${at}.args[1]`],
    ],
    [
      'a flag and the next item, short',
      `args: ['--helper-image', 'busybox:1.36']`,
      [`6 busybox:1.36 ${at}.args[1]`],
    ],
    ['a flag with =', `args: ['--helper-image=busybox:1.36']`, [`6 busybox:1.36 ${at}.args[0]`]],
    [
      'a flag that says nothing',
      `args: ['--reloader=quay.io/a/reloader:v1']`,
      [`6 quay.io/a/reloader:v1 ${at}.args[0]`],
    ],
    [
      'an image without a tag',
      `args: ['--base-image=quay.io/a/alertmanager']`,
      [`6 quay.io/a/alertmanager ${at}.args[0]`],
    ],
    [
      'RELATED_IMAGE_',
      `env: [{name: RELATED_IMAGE_PROXY, value: 'org/proxy:16'}]`,
      [`6 org/proxy:16 ${at}.env[0].value`],
    ],
    [
      'a command',
      `command: [sh, -c, 'kubectl run x --image=quay.io/a/b:1 -- sleep 1']`,
      [`6 quay.io/a/b:1 ${at}.command[2]`],
    ],
    [
      'no image: addresses, times, paths',
      `args: ['--listen=0.0.0.0:8080', '--db', 'redis:6379', '--at=12:30', '--file=/etc/a:1', '--mod=github.com/a/b@v1.0.0', '--image-pull-policy', Always]`,
      [],
    ],
    [
      'no image: what is filled in',
      `args: ['--image=$(IMAGE)', '--image', 'quay.io/a/b:{{ .Tag }}']`,
      [],
    ],
  ])('%s', (_, line, expected) => {
    expect(foundIn(deployment(line))).toEqual([web, ...expected.map((one) => `? ${one}`)]);
  });

  test('an annotation', () => {
    const text = deployment().replace(
      'namespace: shop',
      `annotations: {sidecar/image: 'quay.io/a/b:1'}`,
    );
    expect(foundIn(text)[0]).toBe(
      '? 3 quay.io/a/b:1 Deployment web metadata.annotations."sidecar/image"',
    );
  });
});

describe('custom resources', () => {
  test.each<[string, string, string[]]>([
    ['an image', custom('image: quay.io/a/b:1'), ['5 quay.io/a/b:1 Thing t spec.image']],
    ['an image on Docker Hub', custom('image: postgres:16'), ['5 postgres:16 Thing t spec.image']],
    [
      'an image by its bare name may be something else',
      custom('image: ubuntu'),
      ['? 5 ubuntu Thing t spec.image'],
    ],
    [
      'the bare name of what is a container',
      custom('script: {image: alpine}', 'image: alpine', 'imagePullPolicy: Always'),
      ['5 alpine Thing t spec.script.image', '6 alpine Thing t spec.image'],
    ],
    [
      'containers of a pod template',
      custom('podTemplate: {spec: {containers: [{image: alpine}]}}'),
      ['5 alpine Thing t spec.podTemplate.spec.containers[0].image'],
    ],
    [
      'a template in a container',
      custom('containers: [{image: "{{inputs.parameters.image}}"}, {image: $(params.x)}]'),
      [],
    ],
    [
      'a pattern of a policy',
      custom("pattern: {containers: [{image: '!*:latest'}], imageReferences: ['ghcr.io/a/*']}"),
      [],
    ],
    [
      'a disk image',
      custom(
        'image: projects/ubuntu-os-cloud/global/images/ubuntu-2204',
        'os: {image: https://example.org/a.qcow2}',
      ),
      [],
    ],
    [
      'a field of another name',
      custom('imageName: ghcr.io/a/postgres:16', 'sidecarImage: org/side:3'),
      [
        '? 5 ghcr.io/a/postgres:16 Thing t spec.imageName',
        '? 6 org/side:3 Thing t spec.sidecarImage',
      ],
    ],
    [
      'an image in parts',
      custom('image: {registry: quay.io, repository: a/b, tag: 1.10}'),
      ['? 5 quay.io/a/b:1.10 Thing t spec.image'],
    ],
    [
      'an image in parts with a digest',
      custom(`image: {repository: quay.io/a/b, digest: '${digest}'}`),
      [`? 5 quay.io/a/b@${digest} Thing t spec.image`],
    ],
    [
      'an image in parts, otherwise',
      custom(
        'driver: {repository: nvcr.io/nvidia, image: driver, version: "550.1", imagePullPolicy: Always}',
      ),
      ['? 5 nvcr.io/nvidia/driver:550.1 Thing t spec.driver'],
    ],
    [
      'images in parts with a common beginning',
      custom(
        'trivy.repository: ghcr.io/a/trivy',
        'trivy.tag: 0.52.0',
        'imageRepository: a/b',
        'imageTag: v1',
      ),
      ['? 5 ghcr.io/a/trivy:0.52.0 Thing t spec', '? 7 a/b:v1 Thing t spec'],
    ],
    [
      'kustomize',
      custom('images: [{name: nginx, newName: org/nginx, newTag: v2}, {name: agent, tag: 7.1}]'),
      ['? 5 org/nginx:v2 Thing t spec.images[0]'],
    ],
    [
      'parts that are no image',
      custom(
        'git: {repository: https://github.com/a/b, tag: v1}',
        'image: {tag: v1, pullPolicy: Always}',
      ),
      [],
    ],
    [
      'an image stream',
      custom('from: {kind: DockerImage, name: "quay.io/a/b:1"}'),
      ['5 quay.io/a/b:1 Thing t spec.from.name'],
    ],
    [
      'a parameter',
      custom(
        'params: [{name: image, value: busybox:1.36}, {name: builder-image, default: org/builder:x}]',
      ),
      [
        '? 5 busybox:1.36 Thing t spec.params[0].value',
        '? 5 org/builder:x Thing t spec.params[1].default',
      ],
    ],
    ['prose', custom('description: such as quay.io/a/b:1'), []],
    [
      'an object within',
      custom(
        'manifest: {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: a}]}}',
      ),
      ['5 a Thing t spec.manifest Pod p spec.containers[0].image'],
    ],
    [
      'a definition: what a field is when it is not given',
      `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {versions: [{schema: {openAPIV3Schema: {properties: {image: {type: string,
  default: 'org/thing:v1',
  example: 'quay.io/a/b:1',
  title: 'quay.io/a/c:1'}}}}}]}`,
      [
        '? 5 org/thing:v1 CustomResourceDefinition things.example.org spec.versions[0].schema.openAPIV3Schema.properties.image.default',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(foundIn(text)).toEqual(expected);
  });
});

describe('the text of ConfigMaps and Secrets', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: helper}\nspec: {containers: [{image: busybox}]}\n';
  const block = (name: string, text: string) => [
    `${name}: |`,
    ...text.split('\n').map((line) => `  ${line}`),
  ];
  const helper = 'Pod helper spec.containers[0].image';
  test.each<[string, string, string[]]>([
    [
      'a manifest',
      configMap(...block('pod.yaml', pod)),
      [`9 busybox ConfigMap c data."pod.yaml" ${helper}`],
    ],
    [
      'a manifest with a name that is none',
      configMap(...block('p', pod.replace('busybox', 'Busybox'))),
      [],
    ],
    [
      'a manifest on one line',
      configMap(
        `pod: '${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ image: 'a' }] } })}'`,
      ),
      ['5 a ConfigMap c data.pod Pod spec.containers[0].image'],
    ],
    [
      'a List',
      configMap(
        ...block(
          'l',
          `apiVersion: v1\nkind: List\nitems:\n- ${pod.trim().replaceAll('\n', '\n  ')}`,
        ),
      ),
      [`12 busybox ConfigMap c data.l ${helper}`],
    ],
    [
      'a configuration',
      configMap(
        ...block(
          'c.yaml',
          'agent:\n  image: "org/agent:3.1"\n  name: nginx\n  args: [--image, nginx]\n  image2: alpine',
        ),
      ),
      ['? 7 org/agent:3.1 ConfigMap c data."c.yaml" agent.image'],
    ],
    [
      'images of a configuration with bare names',
      configMap(...block('c.yaml', 'image: nginx\nkind: Config')),
      [],
    ],
    [
      'TOML',
      configMap(...block('c', '[runners]\nimage = "alpine:3.20"\n# image = "alpine:3.19"')),
      ['? 7 alpine:3.20 ConfigMap c data.c'],
    ],
    [
      'a template',
      configMap(
        ...block(
          'c',
          '{{ if .x }}\nimage: "{{ .hub }}/proxy:{{ .tag }}"\nother: quay.io/a/b:1\n{{ end }}',
        ),
      ),
      ['? 8 quay.io/a/b:1 ConfigMap c data.c'],
    ],
    [
      'a template that is YAML all the same',
      configMap(
        ...block('c', 'containers:\n- image: "{{ .image }}"\n- image: "quay.io/a/{{ .name }}:1"'),
      ),
      [],
    ],
    [
      'a value',
      configMap('DEFAULT_IMAGE: busybox:1.36', 'URL: https://quay.io/a/b:1'),
      ['? 5 busybox:1.36 ConfigMap c data.DEFAULT_IMAGE'],
    ],
    [
      'binary data',
      `${configMap('a: b')}binaryData: {x: ${base64('IMAGE=quay.io/a/b:1')}, y: ${base64('\0\x01quay.io/a/b:1')}}`,
      ['? 6 quay.io/a/b:1 ConfigMap c binaryData.x'],
    ],
    [
      'a Secret, encoded',
      secret('data', `pod.yaml: ${base64(pod)}`),
      [`5 busybox Secret s data."pod.yaml" ${helper}`],
    ],
    [
      'a Secret, plain',
      secret('stringData', ...block('pod.yaml', pod)),
      [`9 busybox Secret s stringData."pod.yaml" ${helper}`],
    ],
    [
      'of a Secret by its shape only what has a digest',
      secret('stringData', 'config: --image quay.io/a/b:1', `x: --image quay.io/a/b:1@${digest}`),
      [`? 6 quay.io/a/b:1@${digest} Secret s stringData.x`],
    ],
    [
      "Istio's values, whose images stand in a hub",
      configMap(
        ...block(
          'values',
          '{"global": {"hub": "docker.io/istio", "tag": "1.22.0",\n"proxy": {"image": "proxyv2", "tracer": "a"}}}',
        ),
      ),
      ['? 7 docker.io/istio/proxyv2:1.22.0 ConfigMap c data.values global'],
    ],
    [
      'a password that looks like an image',
      secret(
        'stringData',
        'password: user/pass:v1.0',
        'image: admin/word:2',
        'x: {repository: a, tag: b}',
        'url: registry.example.org/u:Passw0rd1',
        'app-image: registry.example.org/u:Passw0rd2',
      ),
      [],
    ],
    [
      'such a password, encoded',
      secret('data', `url: ${base64('registry.example.org/u:Passw0rd1')}`),
      [],
    ],
    [
      'such a password in a manifest that a Secret holds',
      secret(
        'stringData',
        ...block(
          'm',
          'apiVersion: example.org/v1\nkind: Thing\nspec: {image: hunter2, urls: [registry.example.org/u:Passw0rd1]}',
        ),
      ),
      [],
    ],
  ])('%s', (_, text, expected) => {
    expect(foundIn(text)).toEqual(expected);
  });
});

describe('a document made to cost much', () => {
  test('by aliases', { timeout: 60_000 }, () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 12; n++)
      lines.push(
        `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    expect(() => foundIn(lines.join('\n'))).toThrow('its aliases make it too large');
  });

  test('by aliases in depth', () => {
    const lines = ['a0: &a0 [x]'];
    for (let n = 1; n < 20; n++)
      lines.push(`a${n}: &a${n} ${'['.repeat(60)}*a${n - 1}${']'.repeat(60)}`);
    expect(() => foundIn(lines.join('\n'))).toThrow('its aliases make it too large');
  });

  test('of many documents', { timeout: 120_000 }, () => {
    const text = `---\n${deployment('args: [--executor-image, quay.io/a/exec:v1, --listen=0.0.0.0:80]')}`;
    expect(foundIn(text.repeat(2_000_000 / text.length))).toHaveLength(
      2 * Math.floor(2_000_000 / text.length),
    );
  });
});
