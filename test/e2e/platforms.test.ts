import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

const all = ['linux/amd64', 'linux/arm64', 'linux/s390x'];

let source: TestRegistry;
let job: Job;
let pinned: string;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  const push = (path: string, options: object) => pushImage(source.host, path, '1', options);
  await push('docker.io/library/nginx', { platforms: all, attestation: true });
  await push('docker.io/library/single', {});
  await push('docker.io/library/docker', { platforms: all, docker: true });
  pinned = `quay.io/a/b@${(await push('quay.io/a/b', { platforms: all })).digest}`;
});

afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});

const listed = () => ['nginx:1', 'single:1', 'docker:1', pinned];

interface Index {
  readonly manifests?: readonly { platform?: { os: string; architecture: string } }[];
}

async function manifestAt(host: string, repository: string, reference: string): Promise<Index> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${reference}`, {
    headers: { accept: '*/*' },
  });
  return (await answer.json()) as Index;
}

const architectures = ({ manifests }: Index) =>
  manifests?.map(({ platform }) => platform?.architecture);

describe.each([
  { platforms: [], nginx: ['amd64', 'arm64', 's390x', 'unknown', 'unknown', 'unknown'] },
  { platforms: ['linux/amd64', 'linux/arm64'], nginx: ['amd64', 'arm64'] },
  { platforms: ['linux/amd64'], nginx: undefined },
])('platforms: $platforms', ({ platforms, nginx }) => {
  let near: TestRegistry;
  let far: TestRegistry;
  let made: Outcome;

  beforeAll(async () => {
    near = await startRegistry();
    const registries = reached(source.host, near.host);
    await job.bundle(near.host, { images: listed(), platforms, registries });
    await job.done('mirror', '-f', 'bundle.yaml');
    made = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
    await near.stop({ keep: true });
    far = await startRegistry({ port: Number(near.host.split(':')[1]) });
    await job.done('load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub');
    near = await startRegistry({ folder: near.folder });
  });
  afterAll(async () => {
    await Promise.all([near.stop(), far.stop()]);
  });

  test('every placement has the planned digest, after mirror and after load', async () => {
    expect(made.inventory.images).toHaveLength(4);
    for (const { digest, placements } of made.inventory.images) {
      for (const { reference } of placements) {
        const [repository = '', tag = ''] = reference.slice(far.host.length + 1).split(':');
        for (const host of [near.host, far.host])
          expect(`${reference} ${await digestAt(host, repository, tag)}`).toBe(
            `${reference} ${digest}`,
          );
      }
    }
  });

  test('an index has what is wanted, or a single manifest stands in its place', async () => {
    for (const host of [near.host, far.host]) {
      const found = await manifestAt(host, 'm/docker.io/nginx', '1');
      expect(architectures(found)).toEqual(nginx);
    }
  });

  test('a reference pinned by the digest of an index keeps it whole', async () => {
    const [, digest = ''] = pinned.split('@');
    const tag = `airgap-${digest.slice(7, 19)}`;
    for (const host of [near.host, far.host]) {
      const found = await manifestAt(host, 'm/quay.io/a/b', digest);
      expect(architectures(found)).toEqual(['amd64', 'arm64', 's390x']);
      expect(await digestAt(host, 'm/quay.io/a/b', tag)).toBe(digest);
    }
  });
});

test('a platform that an image does not have is an error of the plan', async () => {
  const registries = reached(source.host, '127.0.0.1:1');
  await job.bundle('127.0.0.1:1', { images: listed(), platforms: ['linux/s390x'], registries });
  const ended = await job.run('plan', '-f', 'bundle.yaml', '--output', 'json');
  expect(ended.exitCode).toBe(2);
  expect(ended.json.problems.filter(({ severity }) => severity === 'error')).toEqual([
    expect.objectContaining({ kind: 'platform-missing', images: ['single:1'] }),
  ]);
});
