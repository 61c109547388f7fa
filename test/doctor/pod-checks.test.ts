import { expect, test } from 'vitest';
import { podChecks } from '../../src/doctor/pod-checks.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import { clusterWith, digest, inventoryOf } from './stand-in.ts';

const map =
  'default::\nnoswap_wildcards::h.io\ndocker.io::h.io/m/docker.io\nquay.io::h.io/m/quay.io\n';
const images = {
  'nginx:1': ['h.io/m/docker.io/nginx:1', 'h.io/m/docker.io/library/nginx:1'],
  'quay.io/a/b:1': ['h.io/m/quay.io/a/b:1'],
};
/** It has, besides, what another bundle has put there. */
const target = {
  host: 'h.io',
  headManifest: async (repository: string) => (repository.endsWith('/theirs') ? {} : undefined),
} as unknown as RegistryClient;

/** As kubectl's template prints pods. */
const printed = (...pods: string[]) =>
  pods.map((image, n) => `n/p${n} ${encodeURIComponent(image).replaceAll('%20', '+')}\n`).join('');

async function judge(
  pods: readonly string[],
  asked: RegistryClient | undefined = target,
  more = {},
) {
  const cluster = clusterWith({}, printed(...pods));
  const checks = await podChecks(cluster, inventoryOf(map, images, more), asked);
  return checks.map(({ status, evidence }) => [status, ...evidence.split('\n').slice(1)]);
}

const fine = [['ok'], ['ok']];
const nowhere = 'neither in the bundle nor in the registry:';
const theirs = 'in the registry, but not of this bundle:';

test.each<[string, string, unknown]>([
  ['as it was made', 'nginx:1', fine],
  ['as Docker Hub calls it', 'docker.io/library/nginx:1', fine],
  ['rewritten', 'h.io/m/docker.io/nginx:1', fine],
  ['by its digest', `nginx@${digest}`, fine],
  ['by tag and digest, of which the digest counts', `quay.io/a/b:9@${digest}`, fine],
  [
    'by another digest',
    `quay.io/a/b@sha256:${'b'.repeat(64)}`,
    [
      [
        'failure',
        nowhere,
        `  quay.io/a/b@sha256:${'b'.repeat(64)} (n/p0), asked for as h.io/m/quay.io/a/b@sha256:${'b'.repeat(64)}`,
      ],
      ['ok'],
    ],
  ],
  [
    'of another tag',
    'nginx:2',
    [['failure', nowhere, '  nginx:2 (n/p0), asked for as h.io/m/docker.io/nginx:2'], ['ok']],
  ],
  [
    'without a tag',
    'nginx',
    [['failure', nowhere, '  nginx (n/p0), asked for as h.io/m/docker.io/nginx'], ['ok']],
  ],
  [
    'rewritten, and not there',
    'h.io/m/quay.io/c:1',
    [['failure', nowhere, '  h.io/m/quay.io/c:1 (n/p0)'], ['ok']],
  ],
  [
    'that another bundle brought',
    'theirs:1',
    [['warning', theirs, '  theirs:1 (n/p0), asked for as h.io/m/docker.io/theirs:1'], ['ok']],
  ],
  ['that no rule covers', 'ghcr.io/a:1', [['ok'], ['warning', '  ghcr.io/a:1 (n/p0)']]],
  [
    'with characters that no image has',
    'a\n b:1\u001b[2J',
    [
      [
        'failure',
        nowhere,
        expect.stringMatching(/^ {2}"a\\n b:1\\u001b\[2J" \(n\/p0\), asked for as "/),
      ],
      ['ok'],
    ],
  ],
])('an image %s', async (_, image, found) => {
  expect(await judge([image])).toEqual(found);
});

test('each image is told once, with how many pods name it', async () => {
  const [pods] = await judge(['nginx:2', 'nginx:1', 'nginx:2', 'nginx:2']);
  expect(pods?.[2]).toMatch(/^ {2}nginx:2 \(n\/p0 and 2 more\), /);
});

test('where the registry cannot be asked, what is not of the bundle is no failure', async () => {
  const cluster = clusterWith({}, printed('nginx:2'));
  const [pods] = await podChecks(cluster, inventoryOf(map, images), undefined);
  expect(pods).toMatchObject({
    status: 'warning',
    evidence: expect.stringContaining('not in the bundle, and the registry was not asked:'),
  });
});

test('without a webhook containerd asks', async () => {
  const [pods] = await judge(['nginx:2'], target, { environment: 'non-airgap' });
  expect(pods?.[2]).toBe('  nginx:2 (n/p0), asked for as h.io/m/docker.io/library/nginx:2');
});

test('no pods at all are none that fail', async () => {
  expect(await judge([])).toEqual(fine);
});
