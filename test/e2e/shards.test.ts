import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ShardMatrix } from '../../src/plan/shards.ts';
import { digestAt, requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

/** What `tags/list` and HEADs say of a registry: digests by `repository:tag`. */
async function contentOf(host: string): Promise<Record<string, string>> {
  const list = async <T>(path: string) =>
    (await (await fetch(`http://${host}${path}`)).json()) as T;
  const { repositories } = await list<{ repositories: string[] }>('/v2/_catalog?n=1000');
  const content: Record<string, string> = {};
  for (const name of repositories) {
    const { tags } = await list<{ tags: string[] }>(`/v2/${name}/tags/list`);
    for (const tag of tags.sort()) content[`${name}:${tag}`] = await digestAt(host, name, tag);
  }
  return content;
}

const images = ['nginx:1', 'nginx:2', 'quay.io/a/b:1', 'quay.io/a/c:1', 'quay.io/d/e:1'];

let source: TestRegistry;
let target: TestRegistry;
let job: Job;

beforeAll(async () => {
  [source, target, job] = await Promise.all([startRegistry(), startRegistry(), startKeyedJob()]);
  const platforms = ['linux/amd64', 'linux/arm64'];
  const hub = 'docker.io/library/nginx';
  const large = randomBytes(300_000);
  for (const tag of ['1', '2'])
    await pushImage(source.host, hub, tag, { layers: [large, tag], platforms });
  for (const name of ['a/b', 'a/c', 'd/e'])
    await pushImage(source.host, `quay.io/${name}`, '1', {
      layers: ['shared', randomBytes(200_000)],
    });
  await execa(
    toolPath('oras'),
    [
      ...['attach', '--plain-http', '--artifact-type', 'application/spdx+json'],
      ...[`${source.host}/${hub}:2`, 'sbom.json'],
    ],
    { cwd: dirname(await job.write('sbom.json', '{}')) },
  );
  await job.bundle(target.host, { images, registries: reached(source.host, target.host) });
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove()]);
});

const plan = ['plan', '-f', 'bundle.yaml', '-o', 'plan.json'];

describe('plan --shards', () => {
  test('prints the matrix alone, and the plan for people beside it', async () => {
    const { exitCode, stdout, stderr } = await job.run<ShardMatrix>(...plan, '--shards', '3');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\{"include":\[\{"shard":"1\/3","images":\d+,"bytes":\d+\},[^\n]*\}$/);
    const { include } = JSON.parse(stdout) as ShardMatrix;
    expect(include.map(({ shard }) => shard)).toEqual(['1/3', '2/3', '3/3']);
    expect(include.reduce((sum, one) => sum + one.images, 0)).toBe(images.length);
    const { blobs } = JSON.parse(await readFile(job.path('plan.json'), 'utf8'));
    const bytes = blobs.reduce((sum: number, { size }: { size: number }) => sum + size, 0);
    expect(include.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
    expect(stderr).toContain('quay.io/d/e:1');
  });

  test('prints the plan in colours where they are wanted, and the matrix never', async () => {
    const how = { env: { FORCE_COLOR: '1' } };
    const { stdout, stderr } = await job.runWith(how, ...plan, '--shards', '2');
    expect(stderr).toContain('\u001b[1m');
    expect(JSON.parse(stdout).include).toHaveLength(2);
  });

  test('as JSON is one document with the matrix in it, of that plan', async () => {
    const { stdout } = await job.run(...plan, '--shards', '2');
    const document = await job.done<Outcome & { matrix: ShardMatrix }>(...plan, '--shards', '2');
    expect(document.matrix).toEqual(JSON.parse(stdout));
    for (const field of ['inventory', 'problems', 'coverage'])
      expect(document).toHaveProperty(field);
  });

  test('has no more shards than have something to do', async () => {
    const { stdout } = await job.run(...plan, '--shards', '256');
    const { include } = JSON.parse(stdout) as ShardMatrix;
    // Both of nginx are mostly one layer.
    expect(include.map(({ shard }) => shard)).toEqual(['1/4', '2/4', '3/4', '4/4']);
    expect(include.map((one) => one.images).sort()).toEqual([1, 1, 1, 2]);
  });

  test('says nothing but warnings with --quiet', async () => {
    const { stdout, stderr } = await job.run(...plan, '--shards', '2', '--quiet');
    expect(JSON.parse(stdout).include).toHaveLength(2);
    expect(stderr).not.toContain('quay.io/d/e:1');
  });

  test('prints no matrix where the plan has errors', async () => {
    await job.write('wrong.yaml', await readFile(job.path('bundle.yaml')));
    const wrong = ['plan', '-f', 'wrong.yaml', '-o', 'wrong.json', '--images', 'quay.io/gone:1'];
    for (const more of [[], ['--quiet']]) {
      const ended = await job.run(...wrong, '--shards', '2', ...more);
      expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
      expect(ended.stderr).toContain('unresolved');
    }
    await expect(stat(job.path('wrong.json'))).rejects.toThrow();
  });

  test.each([
    [['0']],
    [['-1']],
    [['1.5']],
    [['257']],
    [['1e2']],
    [['three']],
    [['2', '--output', 'repositories']],
  ])('%j is refused before anything is asked', async ([count = '', ...more]) => {
    const before = source.requests().length;
    const ended = await job.run('plan', '-f', 'bundle.yaml', `--shards=${count}`, ...more);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain('--shards');
    expect(source.requests().length).toBe(before);
  });
});

type Placed = Outcome & { readonly target: string };

describe('mirror --shard', () => {
  const mirror = ['mirror', '-f', 'bundle.yaml', '--plan', 'plan.json'];
  let shards: readonly string[];
  beforeAll(async () => {
    const { stdout } = await job.run(...plan, '--shards', '3');
    shards = (JSON.parse(stdout) as ShardMatrix).include.map(({ shard }) => shard);
  });

  test('does its part alone, and reads that back alone', async () => {
    let first: Placed | undefined;
    const asked = await requestsOf(target, async () => {
      first = await job.done<Placed>(...mirror, '--shard', '1/3');
    });
    const placements = first?.images.flatMap((one) => one.placements) ?? [];
    expect(placements.map(({ state }) => state)).not.toContain('failed');
    expect(first?.images.length).toBeLessThan(images.length);
    const written = placements.map(({ reference }) => reference.replace(/^[^/]*\/|:[^:]*$/g, ''));
    const touched = asked.flatMap(
      ({ path }) => /^\/v2\/(.+)\/(manifests|blobs)\//.exec(path)?.[1] ?? [],
    );
    expect([...new Set(touched)].sort()).toEqual([...new Set(written)].sort());
  });

  test('all at once in one folder leave the target as one run does', async () => {
    const ended = await Promise.all(
      shards.map((shard) => job.done<Placed>(...mirror, '--shard', shard)),
    );
    const sources = ended.flatMap((one) => one.images.map(({ source: name }) => name));
    // The SBOM goes with its image, whose shard it is in.
    expect(sources).toHaveLength(images.length + 1);
    expect(new Set(sources).size).toBe(sources.length);
    const other = await startRegistry();
    try {
      const registries = reached(source.host, other.host);
      await job.bundle(other.host, { images, registries });
      await job.done('mirror', '-f', 'bundle.yaml');
      expect(await contentOf(target.host)).toEqual(await contentOf(other.host));
      expect(Object.keys(await contentOf(other.host)).length).toBeGreaterThan(images.length);
    } finally {
      await other.stop();
      await job.bundle(target.host, { images, registries: reached(source.host, target.host) });
    }
    for (const { images: placed } of ended) {
      for (const { digest, placements } of placed) {
        for (const { reference } of placements) {
          const { stdout } = await execa(toolPath('crane'), ['digest', '--insecure', reference]);
          expect(stdout).toBe(digest);
        }
      }
    }
    const again = await job.done<Placed>(...mirror);
    expect(Object.keys(again.counts)).toEqual(['there']);
  });

  test('that has nothing to do says so', async () => {
    const ended = await job.run<Placed>(...mirror, '--shard', '9/9', '--output', 'json');
    expect(ended).toMatchObject({ exitCode: 0, json: { images: [], counts: {} } });
    expect(ended.stderr).toContain('shard 9/9: nothing to do');
  });

  test.each([
    [['--shard', '1/3'], '--shard is given without --plan'],
    ...['0/3', '4/3', '1', '1/257', '1/0', '-1/3', '1.5/3', 'a/b', '1/3/3'].map(
      (shard) => [['--plan', 'plan.json', `--shard=${shard}`], '--shard names no shard'] as const,
    ),
    [['--plan', 'plan.json', '--fresh', '--shard', '1/3'], '--plan and --fresh'],
  ] as const)('%j is refused before anything is asked', async (words, says) => {
    const before = source.requests().length + target.requests().length;
    for (const verb of ['mirror', 'create']) {
      const ended = await job.run(verb, '-f', 'bundle.yaml', ...words);
      expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(says) });
    }
    expect(source.requests().length + target.requests().length).toBe(before);
  });
});
