import { appendFile, copyFile, open, readdir, truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { expectReadable } from './readable.ts';

const trusted = ['--key', 'bundle.pub'];

let source: TestRegistry;
let target: TestRegistry;
let job: Job;
/** Bytes. */
let size: number;

beforeAll(async () => {
  [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startKeyedJob({ SOURCE_DATE_EPOCH: '1790000000' }),
  ]);
  await pushImage(source.host, 'docker.io/library/nginx', '1');
  await job.done('keygen', '--out', 'other.key');
  ({ size } = await create('good', {}));
  await create('unsigned', { signing: { unsigned: true } });
  await create('expired', { expires: '2026-10-01' });
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove()]);
});

async function create(out: string, fields: object): Promise<{ size: number }> {
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, { images: ['nginx:1'], registries, ...fields });
  return job.done('create', '-f', 'bundle.yaml', '-o', out);
}

/** A copy of the good bundle, damaged. */
async function damaged(damage: (path: string) => Promise<unknown>): Promise<string> {
  const path = job.path('damaged.tar');
  await copyFile(job.path('good/sample-1.0.0.tar'), path);
  await damage(path);
  return path;
}

/** Flips one bit at a place. */
async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  await file.close();
}

interface Case {
  readonly title: string;
  readonly bundle: () => string | Promise<string>;
  readonly trust?: readonly string[];
  readonly exitCode: number;
  readonly says: readonly (string | RegExp)[];
}

const good = 'good/sample-1.0.0.tar';
const cases: readonly Case[] = [
  {
    title: 'a wrong key',
    bundle: () => good,
    trust: ['--key', 'other.pub'],
    exitCode: 4,
    says: ['the signature does not hold'],
  },
  {
    title: 'a revoked key',
    bundle: () => good,
    trust: [...trusted, '--key', 'other.pub', '--revoked', 'bundle.pub'],
    exitCode: 4,
    says: ['signed with a revoked key'],
  },
  {
    title: 'a mistyped revocation',
    bundle: () => good,
    trust: [...trusted, '--revoked', 'bundel.pub'],
    exitCode: 2,
    says: ['--revoked bundel.pub', 'neither a key id nor a file'],
  },
  {
    title: 'a revocation without any key',
    bundle: () => good,
    trust: ['--allow-unsigned', '--revoked', 'bundle.pub'],
    exitCode: 2,
    says: ['--revoked is given, but no --key'],
  },
  { title: 'no key at all', bundle: () => good, trust: [], exitCode: 2, says: ['--key'] },
  {
    title: 'an unsigned bundle',
    bundle: () => 'unsigned/sample-1.0.0.tar',
    exitCode: 4,
    says: ['the bundle is not signed', '--allow-unsigned'],
  },
  {
    title: 'a byte flipped in the inventory',
    bundle: () => damaged((path) => flip(path, 600)),
    exitCode: 4,
    says: ['the signature does not hold'],
  },
  {
    title: 'a byte flipped in the middle',
    bundle: () => damaged((path) => flip(path, Math.floor(size / 2))),
    exitCode: 5,
    says: ['the bundle is damaged at ', '.sha256'],
  },
  {
    title: 'a byte flipped near the end',
    bundle: () => damaged((path) => flip(path, size - 1025 - 600)),
    exitCode: 5,
    says: [/the bundle is damaged at .*blobs\/sha256\//],
  },
  {
    title: 'a file that is cut off',
    bundle: () => damaged((path) => truncate(path, size - 2000)),
    exitCode: 5,
    says: [/truncated|damaged/, '.sha256'],
  },
  {
    title: 'a file that goes on after its end',
    bundle: () => damaged((path) => appendFile(path, 'more')),
    exitCode: 5,
    says: ['the bundle is damaged at ', /end/],
  },
  {
    title: 'a file that is no bundle',
    bundle: () => 'image-swap-1.5.3.tgz',
    exitCode: 5,
    says: ['image-swap-1.5.3.tgz'],
  },
  {
    title: 'an expired bundle',
    bundle: () => 'expired/sample-1.0.0.tar',
    exitCode: 6,
    says: ['the bundle has expired', '2026-10-01', '--allow-expired'],
  },
  { title: 'a file that is not there', bundle: () => 'gone.tar', exitCode: 2, says: ['gone.tar'] },
  {
    title: 'a key that is not there',
    bundle: () => good,
    trust: ['--key', 'gone.pub'],
    exitCode: 2,
    says: ['gone.pub'],
  },
];

const table = cases.map((one) => [one.title, one] as const);

describe('verify and load refuse, and send nothing to the target', () => {
  test.each(table)('%s', async (_, { bundle, trust = trusted, exitCode, says }) => {
    const path = await bundle();
    const asked = await requestsOf(target, async () => {
      const argv = [path, ...trust, '--output', 'json'];
      const ended = await Promise.all([job.run('verify', ...argv), job.run('load', ...argv)]);
      for (const one of ended) expectReadable(one, exitCode, says);
    });
    expect(asked).toEqual([]);
    expect(await readdir(job.path('state'))).toEqual([]);
  });

  test('inspect tells a revoked key, and refuses nothing', async () => {
    const argv = [good, ...trusted, '--revoked', 'bundle.pub'];
    const shown = await job.run('inspect', ...argv);
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('REVOKED') });
    const { json } = await job.run<object>('inspect', ...argv, '--output', 'json');
    expect(json).toMatchObject({ verified: false, revoked: true });
  });

  test('load without oras', async () => {
    const asked = await requestsOf(target, async () => {
      const how = { env: { PATH: '/nonexistent' } };
      const ended = await job.runWith(how, 'load', good, ...trusted, '--output', 'json');
      expectReadable(ended, 3, ['oras was not found', 'oras 1.3.6 or later']);
    });
    expect(asked).toEqual([]);
  });

  test('but overrides let an expired or unsigned bundle pass, and say so', async () => {
    const expired = ['expired/sample-1.0.0.tar', ...trusted, '--allow-expired'];
    const unsigned = ['unsigned/sample-1.0.0.tar', '--allow-unsigned'];
    for (const argv of [expired, unsigned]) {
      const ended = await job.run('verify', ...argv);
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(ended.stderr).toMatch(/^warning: .*(expired|signed)/m);
    }
  });
});

describe('after a load', () => {
  const load = (out: string, ...argv: string[]) =>
    job.run('load', `${out}/sample-1.0.0.tar`, ...trusted, '--output', 'json', ...argv);

  beforeAll(async () => {
    await create('second', { sequence: 8 });
    await create('first', { sequence: 7 });
    await create('twin', { sequence: 8, expires: '2030-01-01' });
    const done = await load('second');
    expect(done.exitCode, done.stderr).toBe(0);
    expect(done.stderr).toContain('nothing is known here of an earlier load of sample');
  });

  test.each([
    ['an older sequence', 'first', ['older', 'sequence 7', 'at least 8', '--allow-downgrade']],
    [
      'the same name and version with other content',
      'twin',
      ['another bundle was loaded as sample 1.0.0', 'sha256:'],
    ],
  ])('%s is refused', async (_, out, says) => {
    const asked = await requestsOf(target, async () => {
      expectReadable(await load(out), 6, says);
    });
    expect(asked).toEqual([]);
  });

  test('another version of the same sequence is taken, and said to be neither older nor newer', async () => {
    await create('level', { sequence: 8, version: '1.0.1' });
    const argv = ['level/sample-1.0.1.tar', ...trusted];
    const ended = await job.run('load', ...argv);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/^warning: sample 1\.0\.1 has the sequence of 1\.0\.0/m);
    expect((await load('second')).exitCode).toBe(0);
  });

  test('the same bundle, and an older one when that is allowed, are taken', async () => {
    expect((await load('second')).exitCode).toBe(0);
    const older = await load('first', '--allow-downgrade');
    expect(older.exitCode).toBe(0);
    expect(older.stderr).toMatch(/^warning: .*older/m);
  });
});
