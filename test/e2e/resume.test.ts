import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestAt } from '../helpers/ask.ts';
import { buildImage, pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { startTarget, type Target } from '../transfer/setting.ts';
import { fetched, killHalfway, sendings, stalls, until } from './killed.ts';

const shared = Buffer.alloc(300_000, 'shared ');
const last = Buffer.alloc(500_000, 'last ');
const other = { layers: [shared, last], opaque: true };
/** A layer of the second image alone: nothing waits for it. */
const lastDigest =
  buildImage(other)
    .manifests[0]?.bytes.toString()
    .match(/sha256:\w+/g)
    ?.at(-1) ?? '';

let source: TestRegistry;
let front: FrontProxy;
let target: Target;
let job: Job;
let nginx: Descriptor;

beforeAll(async () => {
  source = await startRegistry();
  front = await startFrontProxy(source.host);
  job = await startKeyedJob();
  await pushImage(source.host, 'quay.io/a/b', '1', other);
});
afterAll(async () => {
  await front.stop();
  await source.stop();
  await job.remove();
});

beforeEach(async () => {
  target = await startTarget();
  await pushNginx('as it was').then((root) => {
    nginx = root;
  });
  await job.bundle(target.host, fields());
});
afterEach(async () => {
  front.rules.length = 0;
  front.clear();
  await target.stop();
  await rm(job.path('out'), { recursive: true, force: true });
  await rm(job.path('.airgap-bundle'), { recursive: true, force: true });
});

const fields = () => ({
  images: ['nginx:1', 'quay.io/a/b:1'],
  registries: reached(front.host, target.host),
});
const pushNginx = (content: string) =>
  pushImage(source.host, 'docker.io/library/nginx', '1', {
    layers: [shared, content],
    opaque: true,
  });
const deleteNginx = (digest: string) =>
  fetch(`http://${source.host}/v2/docker.io/library/nginx/manifests/${digest}`, {
    method: 'DELETE',
  });
const create = ['create', '-f', 'bundle.yaml', '-o', 'out'];
const mirror = ['mirror', '-f', 'bundle.yaml'];
const hidden = async () => (await readdir(job.path('out'))).filter((name) => name.startsWith('.'));
const partials = async () => (await hidden()).filter((name) => name.includes('.partial-'));
const keptPlans = async () =>
  (await readdir(job.path('.airgap-bundle'))).filter((name) => name.startsWith('plan-'));
const digestOfNginx = ({ inventory }: Outcome) =>
  inventory.images.find((image) => image.source === 'nginx:1')?.digest;

/** Whether all blobs of the plan but one have their header in the hidden file: it is written last. */
async function isAllButLastWritten(): Promise<boolean> {
  const [folder] = await partials().catch(() => []);
  if (folder === undefined) return false;
  const path = job.path('out', folder, 'sample-1.0.0.tar');
  const text = await readFile(path, 'latin1').catch(() => '');
  const names = text.match(/blobs\/sha256\/[0-9a-f]{64}/g) ?? [];
  const blobs =
    text
      .split('"blobs": [')[1]
      ?.split(']')[0]
      ?.match(/sha256:[0-9a-f]{64}/g) ?? [];
  return blobs.length > 0 && new Set(names).size === blobs.length - 1;
}

async function killedCreate(): Promise<void> {
  front.rules.push(stalls(lastDigest));
  await killHalfway(job, isAllButLastWritten, ...create);
  front.rules.length = 0;
  front.clear();
}

describe('a create that was killed', () => {
  test('goes on: only what was not finished is fetched, by the digests of the first run', async () => {
    await killedCreate();
    expect(await partials()).toHaveLength(1);
    expect(await keptPlans()).toEqual(['plan-create-sample.json']);
    await pushNginx('as it is now');
    const ended = await job.run(...create, '--output', 'json');
    expect(ended.exitCode).toBe(0);
    expect(ended.stderr).toMatch(/going on with the plan of 2.*; --fresh resolves again/);
    expect(fetched(front.requests)).toEqual([lastDigest]);
    expect(digestOfNginx(ended.json)).toBe(nginx.digest);
    const { resumed } = ended.json as Outcome & { resumed: number };
    const total = ended.json.inventory.blobs.reduce((sum, { size }) => sum + size, 0);
    expect(resumed).toBe(total - last.length);
    await job.done('verify', 'out/sample-1.0.0.tar', '--key', 'bundle.pub');
    expect(await hidden()).toEqual([]);
    expect(await keptPlans()).toEqual([]);
  });

  test('gives the bytes that it would have given', async () => {
    await killedCreate();
    await job.write(
      'kept.json',
      await readFile(job.path('.airgap-bundle/plan-create-sample.json')),
    );
    const resumed = await job.done(...create);
    const whole = await job.done('create', '-f', 'bundle.yaml', '-o', 'a', '--plan', 'kept.json');
    expect(resumed.sha256).toBe(whole.sha256);
  });

  test('resolves again with --fresh, and clears what was left', async () => {
    await killedCreate();
    const moved = await pushNginx('as it is now');
    const made = await job.done(...create, '--fresh');
    expect(digestOfNginx(made)).toBe(moved.digest);
    expect(await hidden()).toEqual([]);
    expect(await keptPlans()).toEqual([]);
  });

  test.each([
    ['the bundle file', { sequence: 9 }, [], {}],
    ['a flag', {}, ['--without-images'], {}],
    ['the time that it is made for', {}, [], { SOURCE_DATE_EPOCH: '1790000000' }],
  ])('resolves again after %s was changed', async (_, change, flags, env) => {
    await killedCreate();
    const moved = await pushNginx('as it is now');
    await job.bundle(target.host, { ...fields(), ...change });
    const ended = await job.runWith({ env }, ...create, ...flags, '--output', 'json');
    expect(ended.stderr).not.toContain('going on');
    expect(digestOfNginx(ended.json)).toBe(moved.digest);
  });

  test('resolves again where its plan is no use any more', async () => {
    await killedCreate();
    await job.write('.airgap-bundle/plan-create-sample.json', '{"half": ');
    const made = await job.run(...create, '--output', 'json');
    expect(made.exitCode).toBe(0);
    expect(made.stderr).not.toContain('going on');
  });

  test('resolves again where the source does not have those images any more', async () => {
    await killedCreate();
    const moved = await pushNginx('as it is now');
    await deleteNginx(nginx.digest);
    const ended = await job.run(...create, '--output', 'json');
    expect(ended.stderr).toContain('that plan does not hold any more: resolving again');
    expect(digestOfNginx(ended.json)).toBe(moved.digest);
  });

  test('costs no run where no plan can be kept', async () => {
    await job.write('.airgap-bundle', 'a file');
    const ended = await job.run(...create);
    expect(ended.exitCode).toBe(0);
    expect(ended.stderr).toMatch(/the plan cannot be kept, so a killed run starts anew: .*EEXIST/);
  });

  test('once it is done, the next run resolves again', async () => {
    await killedCreate();
    await job.done(...create);
    const moved = await pushNginx('as it is now');
    expect(digestOfNginx(await job.done(...create))).toBe(moved.digest);
  });

  test('warns when the plan that was left is old', async () => {
    await killedCreate();
    const path = '.airgap-bundle/plan-create-sample.json';
    const kept = JSON.parse(await readFile(job.path(path), 'utf8'));
    await job.write(path, JSON.stringify({ ...kept, plannedAt: '2026-01-01T00:00:00.000Z' }));
    const ended = await job.run(...create, '--quiet');
    expect(ended.stderr).toContain('warning: going on with the plan of 2026-01-01');
    expect(ended.stderr).toContain('resolve again with --fresh');
  });
});

test('a create that was interrupted says where what it has is, and goes on', async () => {
  front.rules.push(stalls(lastDigest));
  const stop = new AbortController();
  const running = job.runWith({ stop: stop.signal }, ...create);
  await until(isAllButLastWritten);
  stop.abort();
  const ended = await running;
  expect(ended.exitCode).toBe(143);
  expect(ended.stderr).toContain('for the next run to go on');
  const [left = ''] = await hidden();
  expect(ended.stderr).toContain(left);
  expect((await readdir(job.path('out'))).filter((name) => !name.startsWith('.'))).toEqual([]);
  front.rules.length = 0;
  front.clear();
  await job.done(...create);
  expect(fetched(front.requests)).toEqual([lastDigest]);
});

test('a plan that was given is not resolved again', async () => {
  await job.done('plan', '-f', 'bundle.yaml', '-o', 'plan.json');
  for (const verb of [create, mirror]) {
    const ended = await job.run(...verb, '--plan', 'plan.json', '--fresh');
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('error: --plan and --fresh are both given');
  }
});

/** Runs until every blob but the last one is in the target, and kills. Resolves to the digests that are. */
async function killedHalfway(...argv: string[]): Promise<readonly string[]> {
  const plan = await job.done('plan', '-f', 'bundle.yaml');
  const manifests = new Set(
    plan.inventory.images.map(({ digest }) => digest).concat(plan.inventory.root.digest),
  );
  const awaited = plan.inventory.blobs
    .map(({ digest }) => digest)
    .filter((digest) => digest !== lastDigest && !manifests.has(digest));
  target.rules.push(stalls(lastDigest));
  const sent = () => sendings(target.registry.requests());
  await killHalfway(job, () => awaited.every((digest) => sent().has(digest)), ...argv);
  target.rules.length = 0;
  return awaited;
}

describe('a mirror that was killed', () => {
  test('goes on: no blob that is there is sent again, by the digests of the first run', async () => {
    const there = await killedHalfway(...mirror);
    expect(await keptPlans()).toEqual(['plan-mirror-sample.json']);
    await pushNginx('as it is now');
    const ended = await job.run(...mirror, '--output', 'json');
    expect(ended.json.errors).toEqual([]);
    expect(ended.stderr).toContain('going on with the plan of');
    const sent = sendings(target.registry.requests());
    expect(Object.fromEntries(sent)).toEqual(
      Object.fromEntries([...there, lastDigest].map((digest) => [digest, 1])),
    );
    for (const path of ['m/docker.io/nginx', 'm/docker.io/library/nginx'])
      expect(await digestAt(target.host, path, '1')).toBe(nginx.digest);
    expect(await keptPlans()).toEqual([]);
  });

  test('resolves again with --fresh', async () => {
    await killedHalfway(...mirror);
    const moved = await pushNginx('as it is now');
    await job.done(...mirror, '--fresh');
    expect(await digestAt(target.host, 'm/docker.io/nginx', '1')).toBe(moved.digest);
    expect(await keptPlans()).toEqual([]);
  });
});

test('a mirror whose failure is for good keeps no plan', async () => {
  target.rules.push(({ method }) => (method === 'POST' ? { status: 403 } : undefined));
  const ended = await job.run(...mirror);
  expect(ended.exitCode).toBe(8);
  expect(await keptPlans()).toEqual([]);
});

test('a load that was killed goes on: no blob that is there is sent again', async () => {
  await job.done(...create);
  const load = ['load', join('out', 'sample-1.0.0.tar'), '--key', 'bundle.pub'];
  const there = await killedHalfway(...load);
  const result = await job.done(...load);
  expect(result.errors).toEqual([]);
  const sent = sendings(target.registry.requests());
  expect(Object.fromEntries(sent)).toEqual(
    Object.fromEntries([...there, lastDigest].map((digest) => [digest, 1])),
  );
  expect(await digestAt(target.host, 'm/docker.io/nginx', '1')).toBe(nginx.digest);
});
