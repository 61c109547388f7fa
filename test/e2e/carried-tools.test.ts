import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readProgramHeader } from '../../src/oci/program-header.ts';
import { pushImage } from '../helpers/images.ts';
import { type Ended, type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { freePort, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { mountDisk } from '../helpers/small-disk.ts';
import { toolPath } from '../helpers/tools.ts';
import {
  type HostOptions,
  type JumpHost,
  makeJumpHost,
  type Shell,
  shells,
} from '../install/jump-host.ts';

const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
const platform = `linux/${machine}`;
const carried = `tools/linux-${machine}/oras`;
const tar = 'out/sample-1.0.0.tar';

let source: TestRegistry;
let job: Job;
let made: Ended<unknown>;
/** Of the target, which each test starts anew. */
let port: number;
let target: TestRegistry;
beforeAll(async () => {
  source = await startRegistry();
  port = await freePort();
  await pushImage(source.host, 'docker.io/library/nginx', '1', { layers: ['a layer'] });
  job = await startKeyedJob();
  await bundle({ tools: [platform] });
  made = await job.run('create', '-o', 'out');
});
afterAll(async () => {
  await source.stop();
  await job.remove();
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
/** The bundle names the port; between two tests another process may have it for a moment. */
async function start(tries = 20): Promise<void> {
  try {
    target = await startRegistry({ port });
  } catch (error) {
    if (tries === 0 || !String(error).includes('address already in use')) throw error;
    await sleep(500);
    return start(tries - 1);
  }
  cleanups.push(target.stop);
}
async function host(options: HostOptions = {}): Promise<JumpHost> {
  const made = await makeJumpHost(options);
  cleanups.push(made.remove);
  return made;
}

async function bundle(fields: object): Promise<void> {
  const at = `127.0.0.1:${port}`;
  await job.bundle(at, { images: ['nginx:1'], registries: reached(source.host, at), ...fields });
}
const args = () => [job.path(tar), '--key', job.path('bundle.pub'), '--only', 'load'];

async function expectLoaded(): Promise<void> {
  const { stdout } = await execa(toolPath('oras'), [
    ...['resolve', '--plain-http'],
    `127.0.0.1:${port}/m/docker.io/nginx:1`,
  ]);
  expect(stdout).toMatch(/^sha256:/);
}

describe('a bundle with tools', () => {
  test('has the oras that made it, as a program, and says so', async () => {
    const listed = await execa('tar', ['-tvf', job.path(tar), carried]);
    expect(listed.stdout).toMatch(/^-rwxr-xr-x /);
    const member = await execa('tar', ['-xOf', job.path(tar), carried], { encoding: 'buffer' });
    expect(Buffer.from(member.stdout).equals(await readFile(toolPath('oras')))).toBe(true);
    const sums = await execa('tar', ['-xOf', job.path(tar), 'SHA256SUMS']);
    expect(sums.stdout).toContain(`  ${carried}`);
    for (const verb of [
      ['verify', tar, '--key', 'bundle.pub'],
      ['inspect', tar],
    ])
      expect((await job.run(...verb)).stdout).toContain(`carries oras for ${platform}`);
  });

  test('says where it is one that needs the C library of its host', async () => {
    const { interpreter } = readProgramHeader(await readFile(toolPath('oras')));
    expect(made.exitCode).toBe(0);
    expect(made.stderr.includes('is linked dynamically')).toBe(interpreter !== undefined);
  });

  const old = `#!/bin/sh\necho 'Version:        1.2.0'\n`;
  test.each(
    (Object.keys(shells) as Shell[]).flatMap((shell): [Shell, string, HostOptions][] => [
      [shell, 'without oras', { without: ['oras'] }],
      [shell, 'with an old oras', { programs: { oras: old } }],
    ]),
  )('is loaded by install.sh under %s on a host %s', async (shell, _, options) => {
    await start();
    const site = await host({ shell, ...options });
    const outcome = await site.install(args());
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('using the one that the bundle carries');
    await expectLoaded();
    expect(await site.leftovers()).toEqual([]);
  });

  test('says with --dry-run what it would run, by the name that the file has in it', async () => {
    const site = await host({ without: ['oras'] });
    const outcome = await site.install([...args(), '--dry-run']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain(`would run: ${carried} cp `);
  });

  test('is loaded by install.sh with Node, and by load alone, on a host without oras', async () => {
    await start();
    const node = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
    const site = await host({ without: ['oras'], programs: { node } });
    expect(await site.install(args())).toMatchObject({ code: 0 });
    await expectLoaded();
    await rm(join(target.folder, 'storage'), { recursive: true });
    const bare = { PATH: '/usr/bin:/bin' };
    const ended = await job.runWith({ env: bare }, 'load', tar, '--key', 'bundle.pub');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stderr).toContain('oras was not found (no oras on PATH): taking the oras that');
    await expectLoaded();
  });

  test('one that was named and is not there is missed all the same', async () => {
    const env = { PATH: '/usr/bin:/bin', AIRGAP_BUNDLE_ORAS: '/nowhere/oras' };
    const ended = await job.runWith({ env }, 'load', tar, '--key', 'bundle.pub');
    expect(ended).toMatchObject({ exitCode: 3 });
    const site = await host({ without: ['oras'] });
    const outcome = await site.install(args(), { AIRGAP_BUNDLE_ORAS: '/nowhere/oras' });
    expect(outcome).toMatchObject({ code: 3, stderr: expect.stringContaining('/nowhere/oras') });
  });

  test('where nothing may be run from TMPDIR, it says so', async () => {
    const site = await host({ without: ['oras'] });
    const disk = await mountDisk(join(site.folder, 'tmp'), 'size=64m,noexec');
    cleanups.push(disk.unmount);
    const outcome = await site.install(args());
    expect(outcome).toMatchObject({ code: 3, stderr: expect.stringContaining('set TMPDIR') });
    const env = { PATH: '/usr/bin:/bin', TMPDIR: join(site.folder, 'tmp') };
    const ended = await job.runWith({ env }, 'load', tar, '--key', 'bundle.pub');
    expect(ended).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('set TMPDIR') });
    expect(await site.leftovers()).toEqual([]);
  });

  test('one that was changed on the way is never run', async () => {
    const bytes = await readFile(job.path(tar));
    const at = bytes.indexOf('\x7fELF', 'latin1');
    // A script in its place, which would leave a mark.
    const site = await host({ without: ['oras'] });
    bytes.write(`#!/bin/sh\n: > '${site.folder}/pwned'\nexit\n`, at, 'latin1');
    await writeFile(join(site.folder, 'changed.tar'), bytes);
    const outcome = await site.install([join(site.folder, 'changed.tar'), ...args().slice(1)]);
    expect(outcome).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('changed after signing'),
    });
    await expect(readFile(join(site.folder, 'pwned'))).rejects.toThrow('ENOENT');
  });

  test('for another platform does not help this host', async () => {
    const site = await host({
      without: ['oras'],
      programs: { uname: '#!/bin/sh\necho Plan9 z80' },
    });
    expect(await site.install(args())).toMatchObject({ code: 3 });
  });
});

describe('create looks at what it is given:', () => {
  /** A copy of the real one that says to be for ARM. */
  async function foreign(): Promise<Buffer> {
    const bytes = await readFile(toolPath('oras'));
    bytes.writeUInt16LE(machine === 'arm64' ? 62 : 183, 18);
    return bytes;
  }
  const other = machine === 'arm64' ? 'linux/amd64' : 'linux/arm64';

  test.each<[string, () => Promise<Buffer>, string, number, RegExp]>([
    ['a script', async () => Buffer.from('#!/bin/sh\n'), platform, 2, /given: .*: a script/],
    ['one of another platform', foreign, platform, 2, /an ELF program for linux\//],
    ['another program', () => readFile(process.execPath), platform, 2, /is no oras/],
    ['a platform that nobody has', foreign, 'plan9/amd64', 2, /one of linux\/386/],
  ])('%s', async (_, content, wanted, exitCode, message) => {
    await writeFile(job.path('given'), await content());
    await chmod(job.path('given'), 0o755);
    await bundle({ tools: [{ platform: wanted, oras: './given' }] });
    const ended = await job.run('create', '-o', 'other');
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(message) });
  });

  test('a platform that this host has not, and no file', async () => {
    await bundle({ tools: [other] });
    const ended = await job.run('create', '-o', 'other');
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(`write tools: [{platform: ${other}, oras: FILE}]`);
  });

  test('a file that is not there', async () => {
    await bundle({ tools: [{ platform: other, oras: './none' }] });
    expect(await job.run('create', '-o', 'other')).toMatchObject({ exitCode: 2 });
  });

  test('one for another platform travels untried', async () => {
    await writeFile(job.path('oras-other'), await foreign());
    await bundle({ tools: [platform, { platform: other, oras: './oras-other' }] });
    const ended = await job.run('create', '-o', 'other');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stderr).toContain(`is for ${other}: not tried here`);
    expect(ended.stdout).toContain(`carries oras for ${platform}, ${other}`);
  });

  test('one that is too old', async () => {
    const bytes = await readFile(toolPath('oras'));
    const version = Buffer.from('1.3.6');
    for (let at = bytes.indexOf(version); at >= 0; at = bytes.indexOf(version, at))
      bytes.write('1.2.0', at);
    await writeFile(job.path('oras-old'), bytes, { mode: 0o755 });
    await bundle({ tools: [{ platform, oras: './oras-old' }] });
    const ended = await job.run('create', '-o', 'other');
    expect(ended).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('1.2.0') });
  });

  test('a saved plan is held to the very program', async () => {
    const bytes = await foreign();
    await writeFile(job.path('oras-other'), bytes);
    await bundle({ tools: [{ platform: other, oras: './oras-other' }] });
    await job.done('plan', '-o', 'plan.json');
    expect(await job.run('create', '--plan', 'plan.json', '-o', 'other')).toMatchObject({
      exitCode: 0,
    });
    await writeFile(job.path('oras-other'), Buffer.concat([bytes, Buffer.of(0)]));
    const ended = await job.run('create', '--plan', 'plan.json', '-o', 'other');
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('other files') });
  });
});
