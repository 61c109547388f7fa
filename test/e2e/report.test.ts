import { mkdir, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/paper/report.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

const bundle = 'out/sample-1.0.0.tar';
let source: TestRegistry;
let target: TestRegistry;
let readOnly: TestRegistry;
let job: Job;

beforeAll(async () => {
  [source, target, readOnly, job] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startRegistry({ readOnly: true }),
    startKeyedJob(),
  ]);
  const shared = 'a layer that both have'.repeat(100);
  await pushImage(source.host, 'docker.io/library/nginx', '1', { layers: [shared, 'n'] });
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b'] });
  await job.write('web.yaml', pod);
  await describeBundle(target.host);
});
afterAll(() => Promise.all([source.stop(), target.stop(), readOnly.stop(), job.remove()]));

const pod = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: 'nginx:1'}]
`;

function describeBundle(host: string): Promise<void> {
  const images = ['nginx:1', 'quay.io/a/b:1', { manifests: 'web.yaml' }];
  return job.bundle(host, { images, registries: reached(source.host, host) });
}

/** Runs with `--report` and reads what was written. */
async function reported(...argv: string[]) {
  const folder = `reports/${argv[0]}-${Math.random()}`;
  const ended = await job.run(...argv, '--report', folder);
  const report = JSON.parse(await readFile(job.path(folder, 'report.json'), 'utf8')) as Report;
  const files = (await readdir(job.path(folder))).sort();
  return { ...ended, report, files };
}

test('create: what was made, what is in it and who asked for it', async () => {
  const { exitCode, report, files } = await reported('create', '-f', 'bundle.yaml', '-o', 'out');
  expect(exitCode).toBe(0);
  expect(files).toEqual(['report.html', 'report.json', 'report.md']);
  const sums = await readFile(job.path(`${bundle}.sha256`), 'utf8');
  expect(`${report.files[0]?.sha256}  ${report.files[0]?.name}\n`).toBe(sums);
  expect(report).toMatchObject({
    schemaVersion: 1,
    verb: 'create',
    signature: { state: 'signed', keyId: expect.stringMatching(/^[0-9a-f]{64}$/) },
    sums: { images: 2, placements: 3 },
    files: [
      { name: 'sample-1.0.0.tar' },
      { name: 'sample-1.0.0.tar.sha256' },
      { name: 'install.sh' },
    ],
    shared: [{ images: 2 }],
  });
  expect(report.images.find(({ source: name }) => name === 'nginx:1')?.namedBy).toEqual([
    'images[0]',
    'web.yaml:5 Pod web spec.containers[0].image',
  ]);
});

test('mirror, load and inspect say the same of images, sizes and map', async () => {
  const made = await reported('create', '-f', 'bundle.yaml', '-o', 'out');
  const runs = [
    await reported('mirror', '-f', 'bundle.yaml'),
    await reported('load', bundle, '--key', 'bundle.pub'),
    await reported('inspect', bundle, '--key', 'bundle.pub'),
  ];
  for (const { exitCode, report } of runs) {
    expect(exitCode).toBe(0);
    const { map, registries, shared, images } = report;
    expect({ map, registries, shared }).toEqual({
      map: made.report.map,
      registries: made.report.registries,
      shared: made.report.shared,
    });
    expect(images.map(({ digest, size }) => ({ digest, size }))).toEqual(
      made.report.images.map(({ digest, size }) => ({ digest, size })),
    );
  }
  expect(runs.map(({ report }) => report.signature.state)).toEqual([
    'no-bundle',
    'verified',
    'verified',
  ]);
  expect(runs.map(({ report }) => report.sums.states)).toEqual([
    { copied: 2, placed: 1 },
    { there: 3 },
    null,
  ]);
  expect(runs[0]?.report.tools.map(({ name }) => name)).toEqual(['airgap-bundle', 'node', 'oras']);
});

test('a shard of a mirror does not speak for the others', async () => {
  await job.done('plan', '-f', 'bundle.yaml', '-o', 'plan.json');
  const shard = ['--plan', 'plan.json', '--shard', '1/2'];
  const { exitCode, report } = await reported('mirror', '-f', 'bundle.yaml', ...shard);
  expect(exitCode).toBe(0);
  const { verdict, sums, images } = report;
  expect(sums).toMatchObject({ images: 2, placements: 3 });
  const done = Object.values(sums.states ?? {}).reduce((sum, some) => sum + some, 0);
  expect([1, 2]).toContain(done);
  expect(verdict.state).toBe('attention');
  expect(verdict.title).toBe(`sample 1.0.0: ${done} of 3 placements are in ${target.host}/m`);
  const states = images.flatMap(({ placements }) => placements.map(({ state }) => state));
  expect(states.filter((state) => state === null)).toHaveLength(3 - done);
});

test('a bundle that a key was not given for, and one that nobody signed', async () => {
  const unchecked = await reported('inspect', bundle);
  expect(unchecked.report.signature).toEqual({ state: 'unchecked', keyId: null });
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, {
    images: ['nginx:1'],
    registries,
    signing: undefined,
    unsigned: true,
  });
  const made = await reported('create', '-f', 'bundle.yaml', '-o', 'unsigned');
  expect(made.report.verdict).toMatchObject({ state: 'bad', title: 'sample 1.0.0: NOT SIGNED' });
  const taken = await reported(
    'load',
    'unsigned/sample-1.0.0.tar',
    '--allow-unsigned',
    '--allow-downgrade',
  );
  expect(taken.report.signature.state).toBe('unsigned');
  expect(taken.report.verdict.points).toContain(
    'the bundle is unsigned; allowed by an explicit override',
  );
  await describeBundle(target.host);
});

describe('when something fails', () => {
  test('images that the target refuses are in the report, and the exit code stays', async () => {
    await describeBundle(readOnly.host);
    const { exitCode, report } = await reported('mirror', '-f', 'bundle.yaml');
    expect(exitCode).toBe(8);
    expect(report.verdict).toMatchObject({
      state: 'bad',
      title: 'sample 1.0.0: 3 of 3 placements FAILED',
    });
    expect(report.errors[0]).toMatchObject({ class: 'refused' });
    expect(report.images[0]?.placements[0]).toMatchObject({
      state: 'failed',
      error: expect.any(String),
    });
    await describeBundle(target.host);
  });

  test('a folder that cannot be made is exit code 10, and one document', async () => {
    await job.write('a-file', '');
    const ended = await job.run(
      'inspect',
      bundle,
      '--report',
      'a-file/reports',
      '--output',
      'json',
    );
    expect(ended.exitCode).toBe(10);
    expect(ended.json).toMatchObject({ errors: [{ class: 'io' }] });
    const made = await job.run('create', '-f', 'bundle.yaml', '-o', 'late', '--report', 'a-file');
    expect(made.exitCode).toBe(10);
    expect(await readdir(job.folder)).not.toContain('late');
  });

  test.each([
    ['mirror', ['-f', 'bundle.yaml'], 'counts', 'done: 2 images'],
    ['create', ['-f', 'bundle.yaml', '-o', 'out'], 'sha256', 'sample-1.0.0.tar'],
    ['load', [bundle, '--key', 'bundle.pub', '--allow-downgrade'], 'counts', 'done: 2 images'],
    ['inspect', [bundle], 'inventoryDigest', 'sample 1.0.0'],
  ])('%s has its result, though the report cannot be written', async (verb, args, field, said) => {
    const folder = `taken-${verb}`;
    await mkdir(job.path(folder, 'report.json/in-the-way'), { recursive: true });
    const words = await job.run(verb, ...args, '--report', folder);
    expect(words.exitCode, words.stderr).toBe(10);
    expect(words.stdout).toContain(said);
    expect(words.stdout).not.toContain('failed');
    expect(words.stderr).toContain('report.json');
    const { exitCode, json } = await job.run(
      ...[verb, ...args, '--report', folder, '--output', 'json'],
    );
    expect(exitCode).toBe(10);
    expect(json).toHaveProperty(field);
    expect(json).toMatchObject({ errors: [{ class: 'io', exitCode: 10 }] });
  });

  test('of a refused push and an unwritten report the smaller code counts', async () => {
    await describeBundle(readOnly.host);
    await mkdir(job.path('taken/report.json/in-the-way'), { recursive: true });
    const mirror = ['mirror', '-f', 'bundle.yaml', '--report', 'taken', '--output', 'json'];
    const { exitCode, json } = await job.run(...mirror);
    expect(exitCode).toBe(8);
    expect(json).toMatchObject({ counts: { failed: 3 } });
    const { errors } = json as unknown as { errors: { class: string }[] };
    expect(new Set(errors.map((error) => error.class))).toEqual(new Set(['refused', 'io']));
    await describeBundle(target.host);
  });

  test('a part of a bundle has none', async () => {
    const parts = ['create', '-f', 'bundle.yaml', '--shard', '1/2', '-o', 'parts'];
    const { exitCode, stderr } = await job.run(...parts, '--report', 'reports/part');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--shard and --report are both given');
  });

  test('a bundle that is cut off is told without sizes', async () => {
    const bytes = await readFile(job.path(bundle));
    await job.write('cut.tar', bytes.subarray(0, bytes.indexOf('blobs/sha256/')));
    const { exitCode, report } = await reported('inspect', 'cut.tar');
    expect(exitCode).toBe(0);
    expect(report.images[0]?.size).toBeNull();
  });
});

test('nothing is written unasked', async () => {
  await job.done('create', '-f', 'bundle.yaml', '-o', 'plain');
  const files = await readdir(job.path('plain'));
  expect(files.sort()).toEqual(['install.sh', 'sample-1.0.0.tar', 'sample-1.0.0.tar.sha256']);
});
