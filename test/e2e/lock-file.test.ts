import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

interface Locked extends Outcome {
  readonly lock: {
    readonly path: string;
    readonly moved: readonly { image: string; from: string; to: string }[];
    readonly added: readonly string[];
    readonly removed: readonly string[];
  };
}

interface Lock {
  readonly createdAt: string;
  readonly sequence: number;
  readonly version: string;
  readonly images: readonly {
    image: string;
    digest: string;
    platforms: Record<string, string>;
    resolvedAt: string;
    from: string;
  }[];
}

const images = ['nginx:1', 'quay.io/a/b:1'];

let source: TestRegistry;
let target: TestRegistry;
let job: Job;

beforeAll(async () => {
  [source, target, job] = await Promise.all([startRegistry(), startRegistry(), startKeyedJob()]);
});
afterAll(() => Promise.all([source.stop(), target.stop(), job.remove()]));

beforeEach(async () => {
  await rm(job.path('bundle.lock'), { force: true });
  await pushNginx('as it was');
  await pushImage(source.host, 'quay.io/a/b', '1', { platforms: ['linux/amd64', 'linux/arm64'] });
  await write();
});

const write = (fields: object = {}) =>
  job.bundle(target.host, {
    images,
    registries: reached(source.host, target.host),
    ...fields,
  });
const pushNginx = (content: string) =>
  pushImage(source.host, 'docker.io/library/nginx', '1', { layers: [content] });
const nginxNow = () => digestAt(source.host, 'docker.io/library/nginx', '1');
const plan = (...flags: string[]) => job.done<Locked>('plan', '-f', 'bundle.yaml', ...flags);
const create = (out: string) => job.done('create', '-f', 'bundle.yaml', '-o', out);
const lock = async (): Promise<Lock> => JSON.parse(await readFile(job.path('bundle.lock'), 'utf8'));
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100));

describe('plan --lock', () => {
  test('writes each image with its digest, by platform, and when and from where it was had', async () => {
    const { inventory, lock: written } = await plan('--lock');
    expect(written).toEqual({
      path: job.path('bundle.lock'),
      ...{ name: 'sample', version: '1.0.0', sequence: inventory.sequence },
      moved: [],
      added: expect.arrayContaining(images),
      removed: [],
      isReattached: false,
    });
    const { images: pins, ...times } = await lock();
    expect(times).toMatchObject({ version: '1.0.0', sequence: inventory.sequence });
    expect(pins.find(({ image }) => image === 'nginx:1')).toEqual({
      image: 'nginx:1',
      digest: await nginxNow(),
      platforms: { 'linux/amd64': await nginxNow() },
      resolvedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      from: `${source.host}/docker.io/library/nginx`,
    });
    const [, both] = pins;
    expect(Object.keys(both?.platforms ?? {})).toEqual(['linux/amd64', 'linux/arm64']);
  });

  test('again changes no byte, and another second none', async () => {
    await plan('--lock');
    const before = await readFile(job.path('bundle.lock'));
    await nextSecond();
    await plan('--lock');
    expect(await readFile(job.path('bundle.lock'))).toEqual(before);
  });

  test('takes in what was added, drops what was removed, leaves what has moved', async () => {
    await plan('--lock');
    const was = await nginxNow();
    await pushNginx('moved');
    await pushImage(source.host, 'quay.io/c/d', '1', { layers: ['new'] });
    await write({ images: ['nginx:1', 'quay.io/c/d:1'] });
    const { lock: written } = await plan('--lock');
    expect(written).toMatchObject({
      moved: [],
      added: ['quay.io/c/d:1'],
      removed: ['quay.io/a/b:1'],
    });
    expect((await lock()).images.map(({ image }) => image)).toEqual(['nginx:1', 'quay.io/c/d:1']);
    expect((await lock()).images[0]?.digest).toBe(was);
  });

  test('with an error in the plan leaves the lock as it was', async () => {
    await plan('--lock');
    const before = await readFile(job.path('bundle.lock'));
    await write({ images: [...images, 'quay.io/not/there:1'] });
    const ended = await job.run('plan', '-f', 'bundle.yaml', '--lock');
    expect(ended).toMatchObject({ exitCode: 2 });
    expect(await readFile(job.path('bundle.lock'))).toEqual(before);
  });
});

describe('with a lock', () => {
  test('create gives the same bytes later, whatever the tags are by then', async () => {
    await plan('--lock');
    const first = await create('a');
    await pushNginx('moved meanwhile');
    await nextSecond();
    const again = await create('b');
    expect(again.sha256).toBe(first.sha256);
    expect(again.inventory.sequence).toBe((await lock()).sequence);
  });

  test('SOURCE_DATE_EPOCH gives the time all the same', async () => {
    await plan('--lock');
    const how = { env: { SOURCE_DATE_EPOCH: '1790000000' } };
    const argv = ['create', '-f', 'bundle.yaml', '-o', 'epoch', '--output', 'json'];
    const { json } = await job.runWith(how, ...argv);
    expect(json.inventory.sequence).toBe(1790000000);
  });

  test('a tag that has moved is told, and not followed, by plan, create and mirror', async () => {
    await plan('--lock');
    const was = await nginxNow();
    await pushNginx('moved again');
    const { inventory, problems } = await plan();
    expect(problems).toContainEqual({
      kind: 'moved-tag',
      severity: 'warning',
      images: ['nginx:1'],
      message: `nginx:1: the tag now resolves to ${await nginxNow()}; the digest of the lock file is taken`,
      cure: 'follow the tag: plan --update nginx:1',
    });
    expect(inventory.images[0]?.digest).toBe(was);
    expect((await create('moved')).inventory.images[0]?.digest).toBe(was);
    await job.done('mirror', '-f', 'bundle.yaml');
    expect(await digestAt(target.host, 'm/docker.io/nginx', '1')).toBe(was);
  });

  test('a tag that is gone is told, and its digest taken', async () => {
    await plan('--lock');
    const tags = 'storage/docker/registry/v2/repositories/docker.io/library/nginx/_manifests/tags';
    await rm(join(source.folder, tags, '1'), { recursive: true });
    const { problems } = await plan();
    expect(problems.map(({ message }) => message)).toContain(
      'nginx:1: the tag is gone from its registry; the digest of the lock file is taken',
    );
  });

  test('a digest that is gone is an error that says how to go on', async () => {
    await plan('--lock');
    const { images: pins, ...rest } = await lock();
    const gone = pins.map((pin) => ({ ...pin, digest: `sha256:${'0'.repeat(64)}` }));
    await job.write('bundle.lock', JSON.stringify({ ...rest, images: gone }));
    const { exitCode, stdout } = await job.run('plan', '-f', 'bundle.yaml');
    expect(exitCode).toBe(2);
    expect(stdout).toContain('follow its tag with plan --update nginx:1');
  });

  test('an image that it does not have is an error that names it, before anything is moved', async () => {
    await plan('--lock');
    await pushImage(source.host, 'quay.io/c/d', '1', { layers: ['new'] });
    await write({ images: [...images, 'quay.io/c/d:1'] });
    for (const verb of [['plan'], ['create', '-o', 'not-locked'], ['mirror']]) {
      const [name = '', ...flags] = verb;
      const ended = await job.run(name, '-f', 'bundle.yaml', ...flags);
      expect(ended).toMatchObject({ exitCode: 2 });
      expect(`${ended.stdout}${ended.stderr}`).toContain(
        'not-locked: quay.io/c/d:1 is not in the lock file',
      );
    }
  });

  test('another version takes its digests, not its time, and is told so', async () => {
    await plan('--lock');
    await write({ version: '1.1.0', sequence: 9 });
    const { inventory, problems } = await plan();
    expect(inventory.sequence).toBe(9);
    expect(problems.map(({ kind }) => kind)).toContain('other-lock');
    expect((await plan('--lock')).problems.map(({ kind }) => kind)).not.toContain('other-lock');
    expect(await lock()).toMatchObject({ version: '1.1.0', sequence: 9 });
  });

  test('of bundle files in one folder each has its own', async () => {
    await job.write('edge.yaml', await readFile(job.path('bundle.yaml')));
    const { lock: written } = await job.done<Locked>('plan', '-f', 'edge.yaml', '--lock');
    expect(written.path).toBe(job.path('edge.lock'));
  });
});

test('what was attached to an image when it was locked travels, nothing that came later', async () => {
  const at = `${source.host}/docker.io/library/nginx@${await nginxNow()}`;
  const attach = async (text: string) => {
    await job.write('note.txt', text);
    const what = [
      'note.txt:text/plain',
      '--artifact-type',
      'text/note',
      '--disable-path-validation',
    ];
    await execa(toolPath('oras'), ['attach', '--plain-http', at, ...what], { cwd: job.folder });
  };
  const attached = ({ inventory }: Outcome) =>
    inventory.images.filter((image) => !images.includes(image.source)).length;
  await attach('first');
  await plan('--lock');
  const first = await create('first');
  await attach('second');
  const argv = ['create', '-f', 'bundle.yaml', '-o', 'second', '--fresh'];
  expect((await job.done(...argv)).sha256).toBe(first.sha256);
  const before = attached(first);
  await plan('--lock');
  expect(attached(await create('third'))).toBe(before + 1);
});

describe('plan --update', () => {
  test.each([
    ['all', [], true, true],
    ['the image that is named', ['nginx:1'], true, false],
    ['another one', ['quay.io/a/b:1'], false, true],
  ])('moves %s, and tells from what to what', async (_, named, first, second) => {
    await plan('--lock');
    const old = (await lock()).images.map(({ digest }) => digest);
    await pushNginx(`moved ${named}`);
    await pushImage(source.host, 'quay.io/a/b', '1', { layers: [`moved ${named}`] });
    const { lock: written } = await plan('--update', ...named);
    const now = (await lock()).images.map(({ digest }) => digest);
    expect([now[0] !== old[0], now[1] !== old[1]]).toEqual([first, second]);
    const all = images.map((image, n) => ({ image, from: old[n], to: now[n] }));
    expect(written.moved).toEqual(all.filter(({ from, to }) => from !== to));
  });

  test('of an image that bundle.yaml does not list is refused', async () => {
    await plan('--lock');
    const ended = await job.run('plan', '-f', 'bundle.yaml', '--update', 'ngnix:1');
    expect(ended).toMatchObject({ exitCode: 2 });
    expect(ended.stderr).toContain('ngnix:1');
  });
});

test.each([
  ['no JSON', 'images: []', 'JSON'],
  ['another form', '{"lockVersion": 2}', 'lockVersion'],
  [
    'a digest that is none',
    '{"lockVersion":1,"name":"a","version":"1","createdAt":"2026-11-22T16:00:00Z","sequence":1,"images":[{"image":"a","digest":"sha256:1","resolvedAt":"2026-11-22T16:00:00Z","from":"a"}]}',
    'images[0].digest',
  ],
])('a lock with %s is refused with its path', async (_, text, words) => {
  await job.write('bundle.lock', text);
  const ended = await job.run('create', '-f', 'bundle.yaml', '-o', 'bad');
  expect(ended).toMatchObject({ exitCode: 2 });
  expect(ended.stderr).toContain(job.path('bundle.lock'));
  expect(ended.stderr).toContain(words);
});
