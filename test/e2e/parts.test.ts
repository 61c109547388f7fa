import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, type FileHandle, open, rename, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import {
  type FrontAnswer,
  type FrontProxy,
  type FrontRule,
  startFrontProxy,
} from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';
import { uploads } from '../transfer/setting.ts';

const run = promisify(execFile);
const trusted = ['--key', 'bundle.pub'];
const bundle = 'out/sample-1.0.0.tar';
const mebibyte = 1024 ** 2;

type Created = Outcome & { readonly parts: readonly string[]; readonly size: number };

let source: TestRegistry;
let job: Job;
let target: TestRegistry;
let front: FrontProxy;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  // Longer than a part: it lies in three.
  const large = randomBytes(2_300_000);
  await pushImage(source.host, 'docker.io/library/nginx', '1', {
    layers: [large, 'nginx'],
    platforms: ['linux/amd64', 'linux/arm64'],
  });
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [large, 'b'] });
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});
beforeEach(async () => {
  target = await startRegistry();
  front = await startFrontProxy(target.host);
});
afterEach(async () => {
  await front.stop();
  await target.stop();
});

async function create(...argv: string[]): Promise<Created> {
  const registries = reached(source.host, front.host);
  await job.bundle(front.host, { images: ['nginx:1', 'quay.io/a/b:1'], registries });
  return job.done<Created>('create', '-f', 'bundle.yaml', '-o', 'out', ...argv);
}

async function expectPlaced(images: Created['inventory']['images']): Promise<void> {
  for (const { digest, placements } of images) {
    for (const { reference } of placements) {
      const [, path = '', tag = ''] = /^[^/]*\/(.*):(.*)$/.exec(reference) ?? [];
      expect(await digestAt(front.host, path, tag)).toBe(digest);
    }
  }
}

const numbers = (path: string) => Number(path.slice(-3));

describe('create --split-size', () => {
  test('writes parts that are no larger, which every tool can check and join', async () => {
    const whole = await create();
    const split = await create('--split-size', '1MiB');
    expect(split.parts.map(numbers)).toEqual([1, 2, 3, 4, 5]);
    for (const path of split.parts) expect((await stat(path)).size).toBeLessThanOrEqual(mebibyte);
    expect(split.size).toBe(whole.size);
    await run('sha256sum', ['--check', '--strict', 'sample-1.0.0.tar.sha256'], {
      cwd: job.path('out'),
    });
    const joined = await run('sh', ['-c', 'cat sample-1.0.0.tar.0* | sha256sum'], {
      cwd: job.path('out'),
    });
    expect(joined.stdout).toContain(split.sha256);
    await expect(stat(job.path(bundle))).rejects.toThrow();
  });

  test('as one part, when it fits', async () => {
    expect((await create('--split-size', '4GB')).parts.map(numbers)).toEqual([1]);
    expect(await job.run('verify', bundle, ...trusted)).toMatchObject({ exitCode: 0 });
  });

  test.each([['1'], ['800KiB'], ['2G'], ['-1']])(
    '%s is refused before anything is asked',
    async (size) => {
      const before = source.requests().length;
      await job.bundle(front.host, { images: ['nginx:1'] });
      const ended = await job.run('create', '-f', 'bundle.yaml', `--split-size=${size}`);
      expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('1900MiB') });
      expect(source.requests().length).toBe(before);
    },
  );
});

describe('a bundle in parts', () => {
  test.each([[bundle], [`${bundle}.001`]])('is verified and inspected as %s', async (name) => {
    const { size } = await create('--split-size', '1MiB');
    expect(await job.done('verify', name, ...trusted)).toMatchObject({ verified: true, size });
    expect(await job.done('inspect', name)).toMatchObject({ verified: false, size });
  });

  test('is loaded: every blob once, every image placed, no part joined', async () => {
    const { inventory } = await create('--split-size', '1MiB');
    const { counts } = await job.done('load', bundle, ...trusted);
    expect(counts).not.toHaveProperty('failed');
    await expectPlaced(inventory.images);
    expect(new Set(Object.values(uploads(target.requests())))).toEqual(new Set([1]));
    const writes = () => front.requests.filter(({ method }) => method !== 'HEAD').length;
    const before = writes();
    expect(await job.done('load', `${bundle}.001`, ...trusted)).toMatchObject({
      counts: { there: 3 },
    });
    expect(writes()).toBe(before);
  });

  test.each<[string, FrontRule]>([
    [
      'mounts',
      ({ method, path }) =>
        method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined,
    ],
    [
      'the bundle repository',
      ({ method, path }) => (method !== 'HEAD' && path.includes('/bundles/') ? denied : undefined),
    ],
    [
      'the root index',
      ({ method, path }) =>
        method === 'PUT' && path.endsWith('/bundles/sample/manifests/1.0.0') ? denied : undefined,
    ],
  ])('is loaded where %s are refused', async (_, rule) => {
    const { inventory } = await create('--split-size', '1MiB');
    front.rules.push(rule);
    await job.done('load', bundle, ...trusted);
    await expectPlaced(inventory.images);
  });

  test('is installed by install.sh and Node, through the bundle.js in it', async () => {
    const { inventory } = await create('--split-size', '1MiB');
    const environment = {
      ...process.env,
      HOME: job.path('home'),
      PATH: `${job.path('bin')}:/usr/bin:/bin`,
    };
    await run('mkdir', ['-p', job.path('bin')]);
    for (const [name, path] of [
      ['oras', toolPath('oras')],
      ['node', process.execPath],
    ] as const)
      await run('ln', ['-sf', path, job.path('bin', name)]);
    const argv = ['out/install.sh', bundle, '--key', 'bundle.pub', '--only', 'load', '--yes'];
    await run('sh', argv, { cwd: job.folder, env: environment });
    await expectPlaced(inventory.images);
  });

  test.each([
    ['changes', (file: FileHandle) => file.write(Buffer.from('damaged'), 0, 7, 500_000)],
    ['is cut short', (file: FileHandle) => file.truncate(1000)],
  ])(
    'of which a part %s while it is loaded is told at once, and tags nothing',
    async (_, change) => {
      const { parts } = await create('--split-size', '1MiB');
      let damage = async (): Promise<void> => {
        damage = async () => undefined;
        const file = await open(parts[3] as string, 'r+');
        await change(file);
        await file.close();
      };
      // Verified by now: the first write to the target is still to come.
      front.rules.push(async ({ method }) => {
        if (method !== 'HEAD') await damage();
        return undefined;
      });
      const ended = await job.run<Outcome>('load', bundle, ...trusted, '--output', 'json');
      expect(ended.exitCode).toBe(5);
      const tags = front.requests.filter(
        ({ method, path }) => method === 'PUT' && /\/manifests\/[^s]/.test(path),
      );
      expect(tags).toEqual([]);
    },
  );
});

describe('parts that do not belong together', () => {
  test.each<[string, () => Promise<unknown>, number, string]>([
    [
      'one is missing',
      () => rename(job.path(`${bundle}.002`), job.path('kept')),
      5,
      '.002: nothing there',
    ],
    [
      'the last is missing',
      () => rename(job.path(`${bundle}.005`), job.path('kept')),
      5,
      '.005: nothing there',
    ],
    [
      'one too many',
      async () => {
        for (const number of [5, 6])
          await copyFile(job.path(`${bundle}.001`), job.path(`${bundle}.00${number}`));
      },
      5,
      '.006',
    ],
    [
      'one in place of another',
      () => copyFile(job.path(`${bundle}.001`), job.path(`${bundle}.002`)),
      5,
      '.00',
    ],
  ])('%s', async (_, damage, exitCode, says) => {
    await create('--split-size', '1MiB');
    await damage();
    for (const command of ['verify', 'load']) {
      const ended = await job.run(command, bundle, ...trusted);
      expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining(says) });
    }
    expect(front.requests).toEqual([]);
  });
});

const denied: FrontAnswer = {
  status: 403,
  headers: { 'content-type': 'application/json' },
  body: '{"errors":[{"code":"DENIED","message":"no"}]}',
};
