import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt, requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Ended, type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { type RequestLine, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { mounts, uploads } from '../transfer/setting.ts';

const images = ['nginx:1', 'quay.io/a/b:1', 'quay.io/a/c:1'];
const shared = 'a layer that all of them have';
const bundles = 'm/bundles/sample';

let source: TestRegistry;
let registry: TestRegistry;
let target: FrontProxy;
let job: Job;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});
beforeEach(async () => {
  registry = await startRegistry();
  target = await startFrontProxy(registry.host);
  const platforms = ['linux/amd64', 'linux/arm64'];
  await pushImage(source.host, 'docker.io/library/nginx', '1', {
    layers: [shared, 'n'],
    platforms,
  });
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b'] });
  await pushImage(source.host, 'quay.io/a/c', '1', { layers: [shared, 'c'] });
});
afterEach(async () => {
  await target.stop();
  await registry.stop();
});

/** The bundle before the change. */
const base = () => create('1.0.0', {});
/** One image of three changes: its last layer, and so its config. */
async function delta(fields = {}, ...argv: string[]): Promise<Outcome> {
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b, changed'] });
  return create('1.1.0', { sequence: 2, ...fields }, '--since', 'out/sample-1.0.0.tar', ...argv);
}
async function create(version: string, fields: object, ...argv: string[]): Promise<Outcome> {
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, { images, version, sequence: 1, registries, ...fields });
  return job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...argv);
}
const load = (version: string, name = 'sample') =>
  job.run(
    ...['load', `out/${name}-${version}.tar`, '--key', 'bundle.pub', '--output', 'json'],
    '--allow-downgrade',
  );

describe('a delta', () => {
  test('holds, and fetches, what is new: one config and one layer', async () => {
    const whole = await base();
    let made: Delta | undefined;
    const asked = await requestsOf(source, async () => {
      made = (await delta()) as Delta;
    });
    const blobs = contentOf('out/sample-1.1.0.tar');
    expect(blobs).toHaveLength(2);
    expect(made?.inventory.blobs.map(({ digest }) => digest).sort()).toEqual(
      listed('out/sample-1.1.0.tar').sort(),
    );
    // The config once more: planning reads the platform from it.
    expect(new Set(blobGets(asked))).toEqual(new Set(blobs));
    const before = new Set(whole.inventory.blobs.map(({ digest }) => digest));
    expect(blobs.some((digest) => before.has(digest))).toBe(false);
    expect(made?.base).toMatchObject({ name: 'sample', version: '1.0.0', sequence: 1 });
    const leftOut = made?.inventory.base.blobs ?? [];
    // nginx: two configs, two layers of its platforms, `n`; c: config and layer; and the shared one.
    expect(leftOut).toHaveLength(8);
    expect(leftOut.every(({ digest }) => before.has(digest))).toBe(true);
    expect(made?.leftOut).toBe(leftOut.reduce((sum, { size }) => sum + size, 0));
  });

  test('is verified by itself, and inspect names its base', async () => {
    await base();
    await delta();
    const { verified } = await job.done<{ verified: boolean }>(
      ...['verify', 'out/sample-1.1.0.tar', '--key', 'bundle.pub'],
    );
    expect(verified).toBe(true);
    const shown = await job.run('inspect', 'out/sample-1.1.0.tar');
    expect(shown.stdout).toMatch(/builds on sample 1\.0\.0, sequence 1, sha256:\w{64}: 8 blobs, /);
  });

  test('takes what is new from another bundle that has it', async () => {
    await base();
    await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b, changed'] });
    await create('1.0.5', {});
    const made: { reused?: number } = {};
    const asked = await requestsOf(source, async () => {
      Object.assign(made, await delta({}, '--reuse', 'out/sample-1.0.5.tar'));
    });
    expect(contentOf('out/sample-1.1.0.tar')).toHaveLength(2);
    expect(made.reused).toBeGreaterThan(0);
    expect(blobGets(asked)).toEqual([]);
  });

  test('of a saved plan is the same file', async () => {
    await base();
    const { sha256 } = await delta();
    const epoch = await createdAt('out/sample-1.1.0.tar');
    const how = { env: { SOURCE_DATE_EPOCH: epoch } };
    const plan = ['plan', '-o', 'delta.plan', '--since', 'out/sample-1.0.0.tar'];
    expect((await job.runWith(how, ...plan)).exitCode).toBe(0);
    const again = await job.done('create', '--plan', 'delta.plan', '-o', 'again');
    expect(again.sha256).toBe(sha256);
  });
});

describe('loading a delta', () => {
  test('after its base sends what is new, once, and places every image', async () => {
    await base();
    const made = await delta();
    expect((await load('1.0.0')).exitCode).toBe(0);
    target.clear();
    const ended = await load('1.1.0');
    expect(ended.json.errors).toEqual([]);
    expect(ended.json.counts).toEqual({ there: 3, placed: 1 });
    await provePlacements(made);
    const sent = uploads(target.requests);
    // The config, the layer, and the empty blob that shows whether mounts work.
    expect(Object.values(sent)).toEqual([1, 1, 1]);
    expect(await digestAt(registry.host, bundles, '1.1.0')).toBe(made.inventory.root.digest);
    target.clear();
    expect((await load('1.1.0')).json.counts).toEqual({ there: 4 });
    expect(new Set(methods())).toEqual(new Set(['HEAD']));
  });

  test('into a target without the base says what is missing, and writes nothing', async () => {
    await base();
    await delta();
    target.clear();
    const ended = await load('1.1.0');
    expectMissing(ended, 8, 8);
    expect(methods().filter((method) => !['GET', 'HEAD'].includes(method))).toEqual([]);
    expect((await load('1.0.0')).exitCode).toBe(0);
    expect((await load('1.1.0')).exitCode).toBe(0);
  });

  test('onto another bundle than its base says which part of it is missing', async () => {
    await base();
    await create('0.9.0', { images: ['quay.io/a/c:1'] });
    expect((await load('0.9.0')).exitCode).toBe(0);
    await delta();
    target.clear();
    expectMissing(await load('1.1.0'), 5, 8);
    expect(methods().filter((method) => !['GET', 'HEAD'].includes(method))).toEqual([]);
  });

  test('works where mirror has brought the base, image by image', async () => {
    await base();
    await job.done('mirror', '-f', 'bundle.yaml');
    const made = await delta({ images: [...images, 'quay.io/a/d:1'] }, ...(await fourth()));
    target.clear();
    const ended = await load('1.1.0');
    expect(ended.json.errors).toEqual([]);
    await provePlacements(made);
    expect(Object.values(uploads(target.requests)).every((times) => times === 1)).toBe(true);
    expect(mounts(target.requests).filter((one) => one.startsWith(bundles))).toHaveLength(8);
    expect(await digestAt(registry.host, bundles, '1.1.0')).toBe(made.inventory.root.digest);
  });

  test('works with a base of another name', async () => {
    await create('1.0.0', { name: 'other' });
    expect((await load('1.0.0', 'other')).exitCode).toBe(0);
    await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b, changed'] });
    const made = await create('1.1.0', {}, '--since', 'out/other-1.0.0.tar');
    expect((await load('1.1.0')).json.errors).toEqual([]);
    await provePlacements(made);
  });

  test('that holds manifests alone places an old image under a new name', async () => {
    await base();
    expect((await load('1.0.0')).exitCode).toBe(0);
    await pushImage(source.host, 'quay.io/a/e', '2', { layers: [shared, 'c'] });
    const more = { images: [...images, 'quay.io/a/e:2'] };
    const made = await create('1.1.0', { ...more, sequence: 2 }, ...sinceBase);
    expect(contentOf('out/sample-1.1.0.tar')).toEqual([]);
    target.clear();
    expect((await load('1.1.0')).json.counts).toEqual({ there: 4, placed: 1 });
    await provePlacements(made);
    expect(Object.values(uploads(target.requests))).toEqual([1]);
  });

  test('is written in parts, since a bundle in parts', async () => {
    const parts = ['--split-size', '1MiB'];
    await create('1.0.0', {}, ...parts);
    const made = await delta({}, ...parts);
    expect(await readdir(job.path('out'))).toEqual(
      expect.arrayContaining(['sample-1.0.0.tar.002', 'sample-1.1.0.tar.002']),
    );
    expect(await readdir(job.path('out'))).not.toContain('sample-1.0.0.tar');
    expect((await load('1.0.0')).exitCode).toBe(0);
    target.clear();
    expect((await load('1.1.0')).json.errors).toEqual([]);
    await provePlacements(made);
    expect(Object.values(uploads(target.requests))).toEqual([1, 1, 1]);
  });

  test('since a bundle that lacks a part names that part', async () => {
    await create('1.0.0', {}, '--split-size', '1MiB');
    await rm(job.path('out/sample-1.0.0.tar.002'));
    const says = /no delta can be made: a part of the bundle is missing\n.*tar\.002: nothing there/;
    await expectRefused(5, says, sinceBase);
  });

  test('made in the same second as its base is the newer one', async () => {
    const once = { sequence: undefined };
    const { inventory: old } = await create('1.0.0', once);
    const { inventory } = await create('1.1.0', once, ...sinceBase);
    expect(inventory.sequence).toBeGreaterThan(old.sequence);
    const trusted = ['--key', 'bundle.pub'];
    const verified = await job.run('verify', 'out/sample-1.1.0.tar', ...trusted);
    expect(verified.stdout).toContain(`a delta: builds on sample 1.0.0, sequence ${old.sequence},`);
    await job.done('load', 'out/sample-1.0.0.tar', ...trusted, '--allow-downgrade');
    await job.done('load', 'out/sample-1.1.0.tar', ...trusted);
    const back = await job.run('load', 'out/sample-1.0.0.tar', ...trusted);
    expect(back).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('is older') });
  });

  test('of a delta leaves out what both brought, and needs both', async () => {
    await base();
    await delta();
    await pushImage(source.host, 'quay.io/a/c', '1', { layers: [shared, 'c, changed'] });
    const third = await create('1.2.0', { sequence: 3 }, '--since', 'out/sample-1.1.0.tar');
    expect(contentOf('out/sample-1.2.0.tar')).toHaveLength(2);
    expect((await load('1.0.0')).exitCode).toBe(0);
    expectMissing(await load('1.2.0'), 2, 8, '1.1.0');
    expect((await load('1.1.0')).exitCode).toBe(0);
    expect((await load('1.2.0')).json.errors).toEqual([]);
    await provePlacements(third);
  });

  describe('where mounts are refused', () => {
    beforeEach(() => {
      target.rules.push(({ method, path }) =>
        method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined,
      );
    });

    test('each repository has what it needs of the base', async () => {
      await base();
      const made = await delta();
      expect((await load('1.0.0')).exitCode).toBe(0);
      target.clear();
      expect((await load('1.1.0')).json.errors).toEqual([]);
      await provePlacements(made);
      const sent = Object.keys(uploads(target.requests, true));
      expect(sent.filter((one) => one.startsWith('m/quay.io/a/b@'))).toHaveLength(2);
      expect(sent.filter((one) => !/^m\/(quay\.io\/a\/b|bundles\/sample)@/.test(one))).toEqual([]);
    });

    test('an image gets what it needs more of it from another repository', async () => {
      await base();
      expect((await load('1.0.0')).exitCode).toBe(0);
      const made = await delta({ images: [...images, 'quay.io/a/d:1'] }, ...(await fourth()));
      target.clear();
      const ended = await load('1.1.0');
      expect(ended.json.errors).toEqual([]);
      expect(ended.json.counts).toEqual({ there: 3, copied: 2 });
      await provePlacements(made);
      const sent = uploads(target.requests, true);
      const fresh = Object.keys(sent).filter((one) => one.startsWith('m/quay.io/a/d@'));
      expect(fresh).toHaveLength(3);
      expect(Object.values(sent).every((times) => times === 1)).toBe(true);
    });
  });
});

describe('no delta is made', () => {
  const refused: [string, number, RegExp, () => Promise<readonly string[]>][] = [
    ['with no such file', 2, /not there/, async () => ['--since', 'nothing.tar']],
    ['with a folder', 2, /not there/, async () => ['--since', 'out']],
    ['with another file', 5, /not a bundle/, async () => ['--since', 'bundle.yaml']],
    ['with a truncated bundle', 5, /damaged/, () => changed((bytes) => bytes.subarray(0, -5000))],
    ['with a damaged inventory', 5, /inventory/, () => changed((bytes) => flip(bytes, 515))],
    ['without images', 2, /both given/, async () => [...sinceBase, '--without-images']],
  ];
  test.each(refused)('%s', async (_, code, message, argv) => {
    await base();
    await expectRefused(code, message, await argv());
  });

  test.each([
    ['another base path', () => ({ baseContentPath: 'elsewhere' })],
    ['another registry', () => ({ endpoint: 'other.example.org' })],
  ])('since a bundle for %s', async (_, section) => {
    await base();
    const yaml = await readFile(job.path('bundle.yaml'), 'utf8');
    const [[field, value] = ['', '']] = Object.entries(section());
    const moved = yaml.replace(new RegExp(`${field}: .*`), `${field}: ${value}`);
    await job.write('bundle.yaml', moved.replace('version: 1.0.0', 'version: 1.1.0'));
    await expectRefused(2, /another target/, sinceBase);
  });

  test('since a light bundle', async () => {
    await create('1.0.0', {}, '--without-images');
    await job.bundle(target.host, { images, version: '1.1.0' });
    await expectRefused(2, /carries no images/, sinceBase);
  });

  test('under the name and version of its base, or with a lower sequence', async () => {
    await base();
    await expectRefused(2, /name and version/, sinceBase);
    const registries = reached(source.host, target.host);
    await job.bundle(target.host, { images, version: '1.1.0', sequence: 0, registries });
    const ended = await job.run('create', '-o', 'out', ...sinceBase);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/older than the one that it builds on/);
  });
});

const sinceBase = ['--since', 'out/sample-1.0.0.tar'];

async function expectRefused(
  code: number,
  message: RegExp,
  argv: readonly string[],
): Promise<void> {
  let ended: Ended<Outcome> | undefined;
  const asked = await requestsOf(source, async () => {
    ended = await job.run('create', '-f', 'bundle.yaml', '-o', 'refused', ...argv);
  });
  expect(ended?.stderr).toMatch(message);
  expect(ended?.exitCode).toBe(code);
  expect(asked).toEqual([]);
}

async function changed(change: (bytes: Buffer) => Buffer): Promise<string[]> {
  await writeFile(job.path('old.tar'), change(await readFile(job.path('out/sample-1.0.0.tar'))));
  return ['--since', 'old.tar'];
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

type Delta = Outcome & {
  base: object;
  leftOut: number;
  inventory: { base: { blobs: { digest: string; size: number }[] } };
};

/** An image that the base does not have, in a repository of its own, with the layer that all share. */
async function fourth(): Promise<string[]> {
  await pushImage(source.host, 'quay.io/a/d', '1', { layers: [shared, 'd'] });
  return [];
}

function expectMissing(ended: Ended<Outcome>, count: number, of: number, version = '1.0.0'): void {
  expect(ended.exitCode).toBe(8);
  const [error, ...others] = ended.json.errors;
  expect(others).toEqual([]);
  expect(error?.message).toContain(`builds on sample ${version}`);
  expect(error?.message).toMatch(new RegExp(`lacks ${count} of ${of} blobs, [0-9.]+ [kK]?i?B`));
  expect(error?.given).toMatch(/^missing: sha256:[0-9a-f]{64}/);
  expect(error?.next).toContain(`load sample-${version}.tar first`);
}

/** Digests of `blobs/` in the tar, by tar. */
function listed(path: string): string[] {
  const names = execFileSync('tar', ['-tf', job.path(path)], { encoding: 'utf8' }).split('\n');
  return names.flatMap((name) => /^blobs\/(sha256)\/(\w+)$/.exec(name)?.slice(1).join(':') ?? []);
}

/** What of a tar's blobs is no manifest or index, by its bytes. */
function contentOf(path: string): string[] {
  return listed(path).filter((digest) => {
    const name = `blobs/${digest.replace(':', '/')}`;
    const text = execFileSync('tar', ['-xOf', job.path(path), name]).toString('latin1');
    return !text.startsWith('{"schemaVersion":2');
  });
}

function blobGets(asked: readonly RequestLine[]): string[] {
  return asked
    .filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))
    .map(({ path }) => path.split('/').at(-1) ?? '');
}

async function createdAt(tar: string): Promise<string> {
  const { inventory } = await job.done<{ inventory: { createdAt: string } }>('inspect', tar);
  return String(Date.parse(inventory.createdAt) / 1000);
}

const methods = () => target.requests.map(({ method }) => method);

/** Every placement resolves, and has its blobs in its own repository. */
async function provePlacements({ inventory }: Outcome): Promise<void> {
  for (const { digest, placements } of inventory.images)
    for (const { reference } of placements) {
      const [, repository = '', tag = ''] = /^[^/]+\/(.+):(.+)$/.exec(reference) ?? [];
      expect(`${reference} ${await digestAt(registry.host, repository, tag)}`).toBe(
        `${reference} ${digest}`,
      );
      await proveBlobs(repository, digest);
    }
}

interface Document {
  readonly manifests?: { digest: string }[];
  readonly config?: { digest: string };
  readonly layers?: { digest: string }[];
}

async function proveBlobs(repository: string, digest: string): Promise<void> {
  const url = `http://${registry.host}/v2/${repository}`;
  const headers = {
    accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
  };
  const answer = await fetch(`${url}/manifests/${digest}`, { headers });
  const document = (await answer.json()) as Document;
  for (const child of document.manifests ?? []) await proveBlobs(repository, child.digest);
  for (const blob of [document.config, ...(document.layers ?? [])]) {
    if (blob === undefined) continue;
    const { status } = await fetch(`${url}/blobs/${blob.digest}`, { method: 'HEAD' });
    expect(`${repository} ${blob.digest} ${status}`).toBe(`${repository} ${blob.digest} 200`);
  }
}
