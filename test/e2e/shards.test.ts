import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ShardMatrix } from '../../src/plan/shards.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

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

  test('as JSON is one document with the matrix in it, of that plan', async () => {
    const { stdout } = await job.run(...plan, '--shards', '2');
    const document = await job.done<Outcome & { matrix: ShardMatrix }>(...plan, '--shards', '2');
    expect(document.matrix).toEqual(JSON.parse(stdout));
    expect(Object.keys(document)).toEqual(['inventory', 'problems', 'coverage', 'matrix']);
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
