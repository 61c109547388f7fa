import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ForwardProxy, startForwardProxy } from '../helpers/forward-proxy.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

/** A name that only the proxy knows: a registry that is started again has another port. */
const endpoint = 'harbor.example.org';
/** Debian's, of version 2.8, whose collection takes the manifests below a tagged index. */
const program = 'docker-registry';

let source: TestRegistry;
let target: TestRegistry;
let proxy: ForwardProxy;
let job: Job;

beforeAll(async () => {
  [source, proxy] = await Promise.all([startRegistry(), startForwardProxy()]);
  job = await startKeyedJob({ HTTP_PROXY: proxy.url });
  const platforms = ['linux/amd64', 'linux/arm64'];
  const { host } = source;
  await pushImage(host, 'docker.io/library/nginx', '1', { layers: ['x', 'y'], platforms });
  await pushImage(host, 'quay.io/a/single', '1', { layers: ['x', 'single'] });
  await job.bundle(endpoint, {
    images: ['nginx:1', 'quay.io/a/single:1'],
    registries: reached(host, endpoint),
  });
  await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
});
afterAll(() =>
  Promise.all(
    [source, target, proxy, job].map((one) => (one && 'stop' in one ? one.stop() : one?.remove())),
  ),
);

beforeEach(async () => {
  await target?.stop();
  target = await startRegistry({ program });
  proxy.lead(endpoint, target.host);
});

const verbs = [
  ['mirror', ['mirror', '-f', 'bundle.yaml']],
  ['load', ['load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub']],
] as const;

const losses: readonly [string, () => Promise<void>][] = [
  ['manifests below an index, by a collection', () => collect()],
  ['a blob of one repository', () => forget('m/docker.io/nginx', '_layers')],
  [
    'a manifest below an index of one repository',
    () => forget('m/docker.io/nginx', '_manifests/revisions'),
  ],
];

describe.each(verbs)('%s --deep brings back what the registry has lost', (_, verb) => {
  test.each(losses)('%s', async (_name, lose) => {
    await job.done(...verb);
    await lose();
    expect(await pulls()).toBe(false);
    // The tags are right.
    expect((await job.done(...verb)).counts).toEqual({ there: 3 });
    const { counts } = await job.done(...verb, '--deep');
    expect(counts.there ?? 0).toBeLessThan(3);
    expect(await pulls()).toBe(true);
    expect((await job.done(...verb, '--deep')).counts).toEqual({ there: 3 });
  });
});

test('where nothing is gone, --deep sends HEADs alone', async () => {
  await job.done('mirror', '-f', 'bundle.yaml');
  const before = target.requests().length;
  await job.done('mirror', '-f', 'bundle.yaml', '--deep');
  const methods = target
    .requests()
    .slice(before)
    .map(({ method }) => method);
  expect(new Set(methods)).toEqual(new Set(['HEAD']));
});

/** Whether all of both images can be had. */
async function pulls(): Promise<boolean> {
  const copy = ['cp', '--from-plain-http', '--to-oci-layout', '--no-tty'];
  const ended = await Promise.all(
    ['docker.io/nginx', 'docker.io/library/nginx', 'quay.io/a/single'].map((name, n) => {
      const to = job.path('pulled', `${Date.now()}-${n}`);
      return execa(toolPath('oras'), [...copy, `${target.host}/m/${name}:1`, to], {
        reject: false,
      });
    }),
  );
  return ended.every(({ exitCode }) => exitCode === 0);
}

async function restarted(work: (folder: string) => Promise<unknown>): Promise<void> {
  await target.stop({ keep: true });
  await work(target.folder);
  target = await startRegistry({ program, folder: target.folder });
  proxy.lead(endpoint, target.host);
}

function collect(): Promise<void> {
  return restarted((folder) =>
    execa(toolPath(program), ['garbage-collect', '--delete-untagged', join(folder, 'config.json')]),
  );
}

/** Takes one of the links away by which a repository has content; a tag's own stays. */
function forget(repository: string, kind: '_layers' | '_manifests/revisions'): Promise<void> {
  return restarted(async (folder) => {
    const root = join(folder, 'storage/docker/registry/v2/repositories', repository);
    const links = join(root, kind, 'sha256');
    const [tagged = ''] = await readdir(join(root, '_manifests/tags/1/index/sha256'));
    const [first = ''] = (await readdir(links)).filter((name) => name !== tagged);
    await rm(join(links, first), { recursive: true });
  });
}
