import { execFileSync } from 'node:child_process';
import { copyFile, open, readdir, rm, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { type FrontAnswer, type FrontRequest, startFrontProxy } from '../helpers/proxy.ts';
import { uploads } from '../transfer/setting.ts';
import { expectUntouched, type Shell, shells } from './jump-host.ts';
import type { TestBundle } from './make-bundle.ts';
import { bundleFor, cleanups, on, registry } from './site.ts';

/** Smaller than any that the command line takes: nearly every member lies across the end of a part. */
const partSize = 5 * 512;
const load = ['--only', 'load'];

async function expectPlaced(host: string, { placements }: TestBundle): Promise<void> {
  for (const [reference, digest] of placements) {
    const [, path = '', tag = ''] = /^[^/]*\/(.*):(.*)$/.exec(reference) ?? [];
    expect(await digestAt(host, path, tag)).toBe(digest);
  }
}

describe.each(Object.keys(shells) as Shell[])('a bundle in parts, by %s', (shell) => {
  test.each([
    ['many', partSize],
    ['one', 1024 ** 2],
  ])('%s: each blob is sent once, and every image is placed', async (_, size) => {
    const target = await registry();
    const bundle = await bundleFor(target.host, { partSize: size });
    const host = await on({ shell });
    const outcome = await host.install([...bundle.args, ...load]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await expectPlaced(target.host, bundle);
    const counts = Object.values(uploads(target.requests()));
    expect(counts.length).toBeGreaterThan(3);
    expect(new Set(counts)).toEqual(new Set([1]));
    const before = target.requests().length;
    expect(
      await host.install([`${bundle.path}.001`, ...bundle.args.slice(1), ...load]),
    ).toMatchObject({ code: 0 });
    const methods = target
      .requests()
      .slice(before)
      .map(({ method }) => method);
    expect(methods.filter((method) => method !== 'HEAD' && method !== 'GET')).toEqual([]);
    expect(await host.leftovers()).toEqual([]);
  });
});

describe('a registry', () => {
  test.each<[string, (request: FrontRequest) => FrontAnswer | undefined]>([
    [
      'mounts',
      ({ method, path }) =>
        method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined,
    ],
    [
      'the bundle repository',
      ({ method, path }) =>
        method !== 'HEAD' && path.includes('/bundles/') ? refusal(403, 'DENIED') : undefined,
    ],
  ])('that refuses %s gets each image from the parts', async (_, rule) => {
    const target = await registry();
    const front = await startFrontProxy(target.host, [rule]);
    cleanups.push(front.stop);
    const bundle = await bundleFor(front.host, { partSize });
    const outcome = await (await on()).install([...bundle.args, ...load]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await expectPlaced(front.host, bundle);
  });

  test('that breaks off is asked again', async () => {
    const target = await registry();
    let broken = 0;
    const front = await startFrontProxy(target.host, [
      ({ method, path }) =>
        method === 'PUT' && path.includes('/blobs/') && broken++ < 1 ? { status: 503 } : undefined,
    ]);
    cleanups.push(front.stop);
    const bundle = await bundleFor(front.host, { partSize });
    expect(await (await on()).install([...bundle.args, ...load])).toMatchObject({ code: 0 });
    await expectPlaced(front.host, bundle);
  });
});

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

describe('parts that are no whole bundle', () => {
  const part = (path: string, number: number) => `${path}.${String(number).padStart(3, '0')}`;
  test.each<[string, (path: string, count: number) => Promise<unknown>, number, RegExp]>([
    [
      'the first is missing',
      (path) => rm(part(path, 1)),
      5,
      /part of the bundle is missing\n.*\.001/,
    ],
    ['one between is missing', (path) => rm(part(path, 3)), 5, /is missing\n.*\.003/],
    ['the last is missing', (path, count) => rm(part(path, count)), 5, /is missing\n/],
    [
      'one too many',
      async (path, count) => {
        await truncate(part(path, count), 0);
        await copyFile(part(path, 1), part(path, count));
        await copyFile(part(path, 1), part(path, count + 1));
      },
      5,
      /not of this bundle\n/,
    ],
    [
      'one is cut short',
      (path) => truncate(part(path, 2), 700),
      5,
      /do not fit together\n.*\.002: 700/,
    ],
    [
      'cut by another tool, at no block of the tar',
      async (path) => {
        const script =
          'cat "$1".0* > "$1.whole"; rm "$1".0*; split -b 1000 -a 3 --numeric-suffixes=1 "$1.whole" "$1."';
        execFileSync('sh', ['-euc', script, 'sh', path]);
        await rm(`${path}.whole`);
      },
      5,
      /not made by create --split-size\n +given: +parts of 1000 bytes/,
    ],
    ['the last is cut short', (path, count) => truncate(part(path, count), 100), 5, /truncated/],
    ['one of another bundle', (path) => copyFile(part(path, 4), part(path, 3)), 4, /./],
    [
      'none',
      (path, count) => Promise.all(numbers(count).map((number) => rm(part(path, number)))),
      2,
      /cannot be read\n.*1\.4\.0\.tar\n/,
    ],
  ])('%s', async (_, damage, code, message) => {
    const bundle = await bundleFor('registry.example.org', { partSize });
    const [key = ''] = bundle.args.slice(2);
    const host = await on();
    execFileSync('cp', [key, `${host.folder}/key.pub`]);
    const count = (await readdir(dirname(bundle.path))).filter((name) =>
      /\.\d{3}$/.test(name),
    ).length;
    await damage(bundle.path, count);
    const outcome = await host.install([bundle.path, '--key', `${host.folder}/key.pub`]);
    expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
    await expectUntouched(host);
  });

  test('a flipped bit in a layer is found by the registry, and named', async () => {
    const target = await registry();
    const bundle = await bundleFor(target.host, { partSize });
    await flipInLastBlob(bundle.path);
    const outcome = await (await on()).install([...bundle.args, ...load]);
    expect(outcome).toMatchObject({ code: 5, stderr: expect.stringContaining('damaged') });
  });
});

/** A layer is the last member but for the end blocks. */
async function flipInLastBlob(path: string): Promise<void> {
  const names = (await readdir(dirname(path))).filter((name) => /\.\d{3}$/.test(name)).sort();
  for (const name of names.reverse()) {
    const file = await open(`${dirname(path)}/${name}`, 'r+');
    const bytes = await file.readFile();
    const at = bytes.findLastIndex((byte) => byte !== 0);
    if (at >= 0) await file.write(Buffer.of((bytes[at] ?? 0) ^ 1), 0, 1, at);
    await file.close();
    if (at >= 0) return;
  }
}

function refusal(status: number, code: string): FrontAnswer {
  return { status, body: JSON.stringify({ errors: [{ code, message: 'no' }] }) };
}
