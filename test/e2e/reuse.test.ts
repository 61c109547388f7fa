import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Ended, type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { type RequestLine, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { fetched } from './killed.ts';

interface Created extends Outcome {
  readonly reused: number;
  readonly size: number;
}

const base = Buffer.alloc(400_000, 'base ');
const target = 'harbor.example.org';

let source: TestRegistry;
let job: Job;
let older: Created;

beforeAll(async () => {
  source = await startRegistry();
  job = await startKeyedJob();
  await pushImage(source.host, 'quay.io/a/b', '1', { platforms: ['linux/amd64', 'linux/arm64'] });
});
afterAll(async () => {
  await source.stop();
  await job.remove();
});

beforeEach(async () => {
  await pushNginx('as it was');
  await job.bundle(target, fields('1.0.0'));
  older = await job.done<Created>('create', '-f', 'bundle.yaml', '-o', 'out');
  await pushNginx('as it is now');
  await job.bundle(target, fields('1.0.1'));
});
afterEach(() => rm(job.path('out'), { recursive: true, force: true }));

const fields = (version: string) => ({
  version,
  images: ['nginx:1', 'quay.io/a/b:1'],
  registries: reached(source.host, target),
});
const pushNginx = (content: string) =>
  pushImage(source.host, 'docker.io/library/nginx', '1', { layers: [base, content], opaque: true });
const create = ['create', '-f', 'bundle.yaml', '-o', 'out', '--output', 'json'];
const tar = 'out/sample-1.0.0.tar';

/** Runs with nothing but the older bundle to help: no manifest is kept from before. */
async function createdWith(...argv: string[]) {
  await rm(job.path('.airgap-bundle'), { recursive: true, force: true });
  const runs: Ended<Created>[] = [];
  const asked = await requestsOf(source, async () =>
    runs.push(await job.run<Created>(...create, ...argv)),
  );
  const [ended] = runs;
  if (!ended) throw new Error('it did not run');
  return { ended, asked };
}

const manifestsRead = (asked: readonly RequestLine[]) =>
  asked.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/'));
/** What the new bundle has, but for root indexes, which are made and not fetched. */
const newBlobs = ({ inventory }: Outcome) => {
  const before = new Set(older.inventory.blobs.map(({ digest }) => digest));
  return inventory.blobs.filter(
    ({ digest }) => !before.has(digest) && digest !== inventory.root.digest,
  );
};

describe('create --reuse', () => {
  test('fetches what is new, and nothing else', async () => {
    const { ended, asked } = await createdWith('--reuse', tar);
    expect(ended.exitCode).toBe(0);
    const fresh = newBlobs(ended.json).map(({ digest }) => digest);
    // A manifest, a config and a layer.
    expect(fresh).toHaveLength(3);
    const [manifest = '', ...content] = fresh;
    expect([...new Set(fetched(asked))].sort()).toEqual(content.sort());
    expect(manifestsRead(asked).map(({ path }) => path.split('/').at(-1))).toEqual([manifest]);
    await job.done('verify', 'out/sample-1.0.1.tar', '--key', 'bundle.pub');
  });

  test('says how much came from the older bundle', async () => {
    const { ended } = await createdWith('--reuse', tar);
    const { inventory, reused } = ended.json;
    const sum = (blobs: readonly { size: number }[]) =>
      blobs.reduce((total, { size }) => total + size, 0);
    const root = inventory.blobs.filter(({ digest }) => digest === inventory.root.digest);
    expect(reused).toBe(sum(inventory.blobs) - sum(newBlobs(ended.json)) - sum(root));
    expect(ended.stderr).toMatch(/came from .*sample-1\.0\.0\.tar/);
    const again = await job.run('create', '-f', 'bundle.yaml', '-o', 'out', '--reuse', tar);
    expect(again.stdout).toContain('came from the older bundle');
  });

  test('may read the very file that it replaces', async () => {
    await job.bundle(target, fields('1.0.0'));
    const { ended, asked } = await createdWith('--reuse', tar);
    expect(ended.exitCode).toBe(0);
    expect(new Set(fetched(asked)).size).toBe(2);
    expect(await readdir(job.path('out'))).toEqual([
      'install.sh',
      'sample-1.0.0.tar',
      'sample-1.0.0.tar.sha256',
    ]);
    await job.done('verify', tar, '--key', 'bundle.pub');
  });

  test('reads the parts of a bundle that was split', async () => {
    await job.bundle(target, fields('1.0.0'));
    await job.done('create', '-f', 'bundle.yaml', '-o', 'out', '--split-size', '1MiB');
    await job.bundle(target, fields('1.0.1'));
    const { ended, asked } = await createdWith('--reuse', tar);
    expect(ended.exitCode).toBe(0);
    expect(fetched(asked)).toEqual([]);
    expect(ended.json.reused).toBeGreaterThan(base.length);
  });

  test('fetches what is damaged in it, and names it', async () => {
    const bytes = await readFile(job.path(tar));
    bytes[bytes.indexOf(base) + 1_000] = 0;
    await job.write(tar, bytes);
    const { ended, asked } = await createdWith('--reuse', tar);
    expect(ended.exitCode).toBe(0);
    const layer = older.inventory.blobs.find(({ size }) => size === base.length)?.digest;
    expect(fetched(asked)).toContain(layer);
    expect(ended.stderr).toMatch(new RegExp(`warning: .* is damaged: 1 blob .*${layer}`));
    await job.done('verify', 'out/sample-1.0.1.tar', '--key', 'bundle.pub');
  });

  test.each([
    ['nothing', 2, async () => undefined, 'nothing there'],
    ['a folder', 2, async (path: string) => mkdir(path), 'a folder'],
    ['an empty file', 5, async (path: string) => job.write(path, ''), '0 bytes'],
    ['a tar of something else', 5, async (path: string) => otherTar(path), 'something else'],
  ])('refuses %s before it asks any registry', async (name, exitCode, make, given) => {
    const path = `old-${name.replaceAll(' ', '-')}.tar`;
    await make(name === 'a folder' ? job.path(path) : path);
    const { ended, asked } = await createdWith('--reuse', path);
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.stderr).toContain('error: nothing can be reused');
    expect(ended.stderr).toContain(given);
    expect(ended.stderr).toContain(path);
    expect(asked).toEqual([]);
  });
});

async function otherTar(path: string): Promise<void> {
  await job.write(path, await readFile(job.path('image-swap-1.5.3.tgz')));
}
