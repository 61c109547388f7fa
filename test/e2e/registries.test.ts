import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import {
  type Ended,
  type Job,
  type Outcome,
  reached,
  section,
  startKeyedJob,
} from '../helpers/job.ts';
import { type FrontProxy, type FrontRule, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { uploads } from '../transfer/setting.ts';

const images = ['nginx:1', 'quay.io/a/b:1', 'quay.io/a/c:1', 'unmapped.example.org/x/y:1'];
/** Every placement of the three mapped images; all share one layer. */
const placements = {
  'm/docker.io/nginx': 'nginx:1',
  'm/docker.io/library/nginx': 'nginx:1',
  'm/quay.io/a/b': 'quay.io/a/b:1',
  'm/quay.io/a/c': 'quay.io/a/c:1',
} as const;

let source: TestRegistry;
let digests: Record<string, string>;
let registry: TestRegistry;
/** The target: a front before the registry that answers as registries in the field do. */
let target: FrontProxy;
let job: Job;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  const shared = 'a layer that all of them have';
  const push = async (path: string, own: string, platforms?: string[]) =>
    (
      await pushImage(source.host, path, '1', {
        layers: [shared, own],
        ...(platforms && { platforms }),
      })
    ).digest;
  digests = {
    'nginx:1': await push('docker.io/library/nginx', 'nginx', ['linux/amd64', 'linux/arm64']),
    'quay.io/a/b:1': await push('quay.io/a/b', 'b'),
    'quay.io/a/c:1': await push('quay.io/a/c', 'c'),
    'unmapped.example.org/x/y:1': await push('unmapped.example.org/x/y', 'never copied'),
  };
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});

beforeEach(async () => {
  registry = await startRegistry();
  target = await startFrontProxy(registry.host);
  await job.bundle(target.host, { images, registries: registries() });
});
afterEach(async () => {
  await target.stop();
  await registry.stop();
});

const registries = () =>
  reached(source.host, target.host, ['docker.io', 'quay.io', 'unmapped.example.org']);

async function bundle(...argv: string[]): Promise<string> {
  return (await job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...argv)).bundle;
}

const verbs: readonly [string, () => Promise<Outcome>][] = [
  ['mirror', () => job.done('mirror', '-f', 'bundle.yaml')],
  ['load', async () => job.done('load', await bundle(), '--key', 'bundle.pub')],
];

describe.each(verbs)('%s', (_, place) => {
  test.each<[string, () => FrontRule]>([
    ['opens an upload in place of a mount (202)', opensUpload],
    ['knows no mounts (405)', () => answering('POST', /mount=/, 405, 'UNSUPPORTED')],
    ['forbids mounts (403)', () => answering('POST', /mount=/, 403, 'DENIED')],
  ])('a target that %s has each blob sent once a repository', async (_, rule) => {
    target.rules.push(rule());
    await place();
    await provePlacements();
    expect(target.requests.filter(({ path }) => path.includes('mount='))).not.toEqual([]);
    const sent = uploads(target.requests, true);
    expect(Object.keys(sent).length).toBeGreaterThan(10);
    expect(Object.entries(sent).filter(([, times]) => times !== 1)).toEqual([]);
  });

  test('a target that mounts has each blob sent once', async () => {
    await place();
    await provePlacements();
    expect(Object.entries(uploads(target.requests)).filter(([, times]) => times !== 1)).toEqual([]);
  });

  test('an image that no rule maps is not copied', async () => {
    const result = await place();
    expect(result.images.map((image) => image.source)).not.toContain('unmapped.example.org/x/y:1');
    expect(await repositories()).toEqual(expect.arrayContaining(Object.keys(placements)));
    expect((await repositories()).filter((name) => name.includes('x/y'))).toEqual([]);
  });
});

test('after a change only what is new is written', async () => {
  await job.bundle(target.host, { images: images.slice(0, 2), registries: registries() });
  await job.done('mirror', '-f', 'bundle.yaml');
  await job.bundle(target.host, { images, registries: registries() });
  target.clear();
  const { counts } = await job.done('mirror', '-f', 'bundle.yaml');
  expect(counts).toEqual({ there: 3, copied: 1 });
  const written = target.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method));
  expect(written.length).toBeGreaterThan(0);
  expect(written.filter(({ path }) => !path.startsWith('/v2/m/quay.io/a/c/'))).toEqual([]);
  expect(Object.values(uploads(target.requests))).toEqual([1, 1]);
});

test('a target that refuses the root index is loaded image by image', async () => {
  const root = /\/m\/bundles\/sample\/manifests\//;
  target.rules.push(answering('PUT', root, 400, 'MANIFEST_INVALID'));
  const ended = await job.run('load', await bundle(), '--key', 'bundle.pub');
  expect(ended.stderr).toMatch(/images are copied one by one: .*bundles\/sample/);
  expect(ended.exitCode).toBe(0);
  await provePlacements();
  const refused = target.requests.filter(({ method, path }) => method === 'PUT' && root.test(path));
  expect(refused.map(({ status }) => status)).toContain(400);
  const sent = uploads(target.requests, true);
  expect(Object.entries(sent).filter(([, times]) => times !== 1)).toEqual([]);
});

test('an image that no rule maps is listed with a warning, and not bundled', async () => {
  const { inventory, problems } = await job.done('plan', '-f', 'bundle.yaml');
  expect(problems).toContainEqual(
    expect.objectContaining({ kind: 'unmapped', severity: 'warning', message: expect.any(String) }),
  );
  const listed = inventory.images.find((image) => image.source === 'unmapped.example.org/x/y:1');
  expect(listed?.placements).toEqual([]);
  expect(listed?.digest).toBe(digests['unmapped.example.org/x/y:1']);
  expect(inventory.blobs.map(({ digest }) => digest)).not.toContain(listed?.digest);
  const made = await job.run('create', '-f', 'bundle.yaml', '-o', 'out');
  expect(made.stderr).toMatch(/warning: .*unmapped\.example\.org\/x\/y:1/);
});

describe('a pull-through cache', () => {
  const cached = 'hub-proxy/library/nginx';
  beforeEach(async () => {
    const mirrorRegistries = `docker.io::${target.host}/hub-proxy,quay.io::${target.host}/m/quay.io`;
    await job.bundle(target.host, {
      ociImageRegistry: { ...section(target.host), baseContentPath: '', mirrorRegistries },
      images: ['docker.io/library/nginx:1', 'quay.io/a/b:1'],
      registries: registries(),
      pullThrough: [`${target.host}/hub-proxy`],
    });
    target.rules.push(answering('POST', /\/hub-proxy\//, 403, 'DENIED'));
  });
  const fill = () => {
    const layers = ['a layer that all of them have', 'nginx'];
    return pushImage(registry.host, cached, '1', {
      layers,
      platforms: ['linux/amd64', 'linux/arm64'],
    });
  };

  test.each(verbs)('is proved by HEAD and never written: %s', async (_, place) => {
    await fill();
    const result = await place();
    expect(result.counts.proved).toBe(1);
    expect(result.errors).toEqual([]);
    const asked = target.requests.filter(({ path }) => path.startsWith('/v2/hub-proxy/'));
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['HEAD']));
    expect(await digestAt(registry.host, 'm/quay.io/a/b', '1')).toBe(digests['quay.io/a/b:1']);
  });

  test('that does not serve the image fails, and the other images go on', async () => {
    const ended = await job.run('mirror', '-f', 'bundle.yaml', '--output', 'json');
    expect(ended.exitCode).toBe(8);
    expectError(ended, /pull-through cache does not serve .*hub-proxy\/library\/nginx:1/);
    expect(await digestAt(registry.host, 'm/quay.io/a/b', '1')).toBe(digests['quay.io/a/b:1']);
  });
});

describe('a light bundle', () => {
  test('holds no image, and load proves the placements with HEADs alone', async () => {
    const tar = await bundle('--without-images');
    await job.done('mirror', '-f', 'bundle.yaml');
    const shown = await job.done('inspect', tar);
    expect(shown.inventory.blobs).toEqual([]);
    target.clear();
    const result = await job.done('load', tar, '--key', 'bundle.pub');
    expect(result.counts).toEqual({ there: 4 });
    expect(new Set(target.requests.map(({ method }) => method))).toEqual(new Set(['HEAD']));
  });

  test('needs no oras', async () => {
    const tar = await bundle('--without-images');
    await job.done('mirror', '-f', 'bundle.yaml');
    const withoutOras = { env: { PATH: '/nonexistent' } };
    const ended = await job.runWith(withoutOras, 'load', tar, '--key', 'bundle.pub');
    expect(ended.exitCode).toBe(0);
  });

  test('names every placement that is not there', async () => {
    const tar = await bundle('--without-images');
    await job.bundle(target.host, {
      images: ['nginx:1', 'quay.io/a/b:1'],
      registries: registries(),
    });
    await job.done('mirror', '-f', 'bundle.yaml');
    await pushImage(registry.host, 'm/quay.io/a/b', '1', { layers: ['another'] });
    const ended = await job.run('load', tar, '--key', 'bundle.pub', '--output', 'json');
    expect(ended.exitCode).toBe(8);
    expect(ended.json.counts).toEqual({ there: 2, failed: 2 });
    expectError(ended, /the target does not have .*\/m\/quay\.io\/a\/c:1/);
    expectError(ended, /\/m\/quay\.io\/a\/b:1 leads to another digest/);
    expect(ended.json.errors.every(({ next }) => next?.includes('airgap-bundle mirror'))).toBe(
      true,
    );
  });
});

async function provePlacements(): Promise<void> {
  for (const [repository, image] of Object.entries(placements))
    expect(`${repository} ${await digestAt(registry.host, repository, '1')}`).toBe(
      `${repository} ${digests[image]}`,
    );
}

async function repositories(): Promise<string[]> {
  const answer = await fetch(`http://${registry.host}/v2/_catalog?n=1000`);
  return ((await answer.json()) as { repositories: string[] }).repositories;
}

function expectError(ended: Ended<Outcome>, message: RegExp): void {
  expect(ended.json.errors).toContainEqual(
    expect.objectContaining({ message: expect.stringMatching(message), next: expect.any(String) }),
  );
}

/** Without its query a mount is the start of an upload, which is how registries refuse it. */
function opensUpload(): FrontRule {
  return async ({ method, path }) => {
    if (method !== 'POST' || !path.includes('mount=')) return undefined;
    const opened = await fetch(`http://${registry.host}${path.replace(/\?.*/, '')}`, { method });
    return { status: 202, headers: { location: opened.headers.get('location') ?? '' } };
  };
}

function answering(method: string, path: RegExp, status: number, code: string): FrontRule {
  const body = JSON.stringify({ errors: [{ code, message: 'so it is configured' }] });
  return (request) =>
    request.method === method && path.test(request.path)
      ? { status, headers: { 'content-type': 'application/json' }, body }
      : undefined;
}
