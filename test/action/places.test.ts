import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { useSetting } from './setting.ts';
import type { Command } from './step.ts';

const on = useSetting();

type Files = (hosts: { source: string; target: string }) => Readonly<Record<string, string>>;

/** A bundle file, with `rest` behind the section. */
const bundle = ({ source, target }: Parameters<Files>[0], map: string, rest: string) =>
  `apiVersion: airgap-bundle/v1
name: sample
version: 1.0.0
environment: non-airgap
ociImageRegistry:
  endpoint: ${target}
  name: private
  baseContentPath: m
  mirrorRegistries: ${map}
registries:
  docker.io: {mirror: "${source}"}
  quay.io: {mirror: "${source}/q"}
  "${source}": {plainHttp: true}
unsigned: true
${rest}`;

const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: web, image: '${image}'}]\n`;

const goodMap = (target: string) => `docker.io::${target}/m/docker.io`;

/** What a run says of a kind, each at its file and line. */
const told = (commands: readonly Command[], kind: string) =>
  commands
    .filter(({ name }) => name === kind)
    .map(({ text, properties: { file, line } }) => `${file}:${line} ${text.split('\n')[0]}`);

async function run(files: Files) {
  const hosts = { source: on.source.host, target: on.target.host };
  for (const [path, text] of Object.entries(files(hosts))) {
    await mkdir(dirname(join(on.step.workspace, path)), { recursive: true });
    await writeFile(join(on.step.workspace, path), text);
  }
  return on.step.run({ command: 'plan', file: 'deploy/bundle.yaml' });
}

describe('what is wrong is annotated on its line:', () => {
  test.each<[string, Files, string]>([
    [
      'an entry of the map in a file',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, '{file: map.conf}', 'images: [nginx:1]'),
        'deploy/map.conf': `# the map\n${goodMap(hosts.target)}\nquay.io=>x\n`,
      }),
      'deploy/map.conf:3 ',
    ],
    [
      'an entry of the map in the bundle file',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(
          hosts,
          `|\n    ${goodMap(hosts.target)}\n    quay.io=>x`,
          'images: [nginx:1]',
        ),
      }),
      'deploy/bundle.yaml:11 ',
    ],
    [
      'a target outside of the base path',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(
          hosts,
          `\n    - ${goodMap(hosts.target)}\n    - quay.io::elsewhere/q`,
          'images: [nginx:1]',
        ),
      }),
      'deploy/bundle.yaml:11 outside-target: ',
    ],
    [
      'a line of a list that is no image',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [{list: images.txt}]'),
        'deploy/images.txt': 'nginx:1\nNGINX:1\n',
      }),
      'deploy/images.txt:2 ',
    ],
    [
      'an image of a list that is not there',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [{list: images.txt}]'),
        'deploy/images.txt': '# ours\n\nnginx:1\nnginx:2\n',
      }),
      'deploy/images.txt:4 unresolved: ',
    ],
    [
      'an image of the bundle file that is not there',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(
          hosts,
          goodMap(hosts.target),
          'images:\n  - nginx:1\n  - nginx:2\n',
        ),
      }),
      'deploy/bundle.yaml:17 unresolved: ',
    ],
    [
      'an image of a manifest that is not there',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [{manifests: web}]'),
        'deploy/web/pod.yaml': pod('nginx:2'),
      }),
      'deploy/web/pod.yaml:5 unresolved: ',
    ],
    [
      'a name in a manifest that no grammar accepts',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [{manifests: web}]'),
        'deploy/web/pod.yaml': pod('NGINX:2'),
      }),
      'deploy/web/pod.yaml:5 not an image name',
    ],
    [
      'two images that would be one',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(
          hosts,
          `"docker.io::${hosts.target}/m,quay.io::${hosts.target}/m"`,
          'images:\n  - docker.io/a/b:1\n  - quay.io/a/c:1\n  - quay.io/a/b:1\n',
        ),
      }),
      'deploy/bundle.yaml:16 collision: ',
    ],
    [
      'an unknown field',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'imagez: [nginx:1]'),
      }),
      'deploy/bundle.yaml:15 unknown field imagez',
    ],
    [
      'a platform',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(
          hosts,
          goodMap(hosts.target),
          'images: [nginx:1]\nplatforms:\n  - linux/amd64\n  - x',
        ),
      }),
      'deploy/bundle.yaml:18 platforms[1] is no platform',
    ],
    [
      'what is no YAML',
      (hosts) => ({ 'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [') }),
      'deploy/bundle.yaml:15 ',
    ],
    [
      'a lock file that nothing has written',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [nginx:1]'),
        'deploy/bundle.lock': 'x',
      }),
      'deploy/bundle.lock:undefined the lock file is not what plan --lock writes',
    ],
    [
      'an image that is not locked',
      (hosts) => ({
        'deploy/bundle.yaml': bundle(hosts, goodMap(hosts.target), 'images: [{list: images.txt}]'),
        'deploy/images.txt': '\nnginx:1',
        'deploy/bundle.lock': JSON.stringify({
          ...{ lockVersion: 1, name: 'sample', version: '1.0.0', sequence: 1, images: [] },
          createdAt: '2026-01-01T00:00:00Z',
        }),
      }),
      'deploy/images.txt:2 not-locked: nginx:1 is not in the lock file',
    ],
  ])('%s', async (_, files, expected) => {
    for (const name of ['a/b', 'q/a/b', 'q/a/c']) {
      await pushImage(on.source.host, name, '1', { layers: [name] });
    }
    const ended = await run(files);
    expect(ended.exitCode, ended.log).toBe(2);
    const errors = told(ended.commands, 'error');
    expect(
      errors.filter((text) => text.startsWith(expected)),
      errors.join('\n'),
    ).toHaveLength(1);
  });

  test('a warning on an image that nothing maps, and on an odd entry', async () => {
    const ended = await run((hosts) => ({
      'deploy/bundle.yaml': bundle(
        hosts,
        '{file: map.conf}',
        'images: [nginx:1, {list: images.txt}]',
      ),
      'deploy/map.conf': `${goodMap(hosts.target)}\nb.io:${hosts.target.split(':')[0]}/m\n`,
      'deploy/images.txt': `nginx:1\n${hosts.source}/library/nginx:1`,
    }));
    const warnings = told(ended.commands, 'warning');
    expect(warnings).toContainEqual(expect.stringMatching(/^deploy\/images.txt:2 no rule maps /));
    expect(warnings).toContainEqual(
      expect.stringMatching(/^deploy\/map.conf:2 .* uses the old ":"/),
    );
  });
});
