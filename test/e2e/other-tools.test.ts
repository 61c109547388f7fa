import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { digestAt } from '../helpers/ask.ts';
import { type Containerd, startContainerd } from '../helpers/containerd.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type OutcomeInventory, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

const both = { platforms: ['linux/amd64', 'linux/arm64'] };
/** As written in bundle.yaml, and so named in the layout; with the name that containerd knows them by. */
const names = {
  'nginx:1': 'docker.io/library/nginx:1',
  'docker.io/library/redis:7': 'docker.io/library/redis:7',
  'quay.io/a/b:1.2': 'quay.io/a/b:1.2',
} as const;

let source: TestRegistry;
let target: TestRegistry;
let containerd: Containerd;
let job: Job;
let tar: string;
let inventory: OutcomeInventory;

beforeAll(async () => {
  [source, target, containerd, job] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startContainerd(),
    startKeyedJob(),
  ]);
  await pushImage(source.host, 'docker.io/library/nginx', '1', { ...both, attestation: true });
  await pushImage(source.host, 'docker.io/library/redis', '7', { docker: true });
  await pushImage(source.host, 'quay.io/a/b', '1.2');
  await job.bundle(target.host, {
    images: Object.keys(names),
    registries: reached(source.host, target.host),
  });
  const made = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  [tar, inventory] = [made.bundle, made.inventory];
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), containerd.stop(), job.remove()]);
});

const digestOfImage = (name: string) =>
  inventory.images.find((image) => image.source === name)?.digest ?? 'not in the inventory';

describe('oras', () => {
  const oras = (...argv: string[]) =>
    execa(toolPath('oras'), ['cp', '--to-plain-http', '--no-tty', ...argv]);

  test.each(Object.keys(names))('cp --from-oci-layout TAR@DIGEST copies %s', async (name) => {
    const digest = digestOfImage(name);
    await oras('--from-oci-layout', `${tar}@${digest}`, `${target.host}/by/digest:1`);
    expect(await digestAt(target.host, 'by/digest', '1')).toBe(digest);
  });

  test('cp --from-oci-layout TAR@ROOT takes all of it at once', async () => {
    const { digest } = inventory.root;
    await oras('--from-oci-layout', `${tar}@${digest}`, `${target.host}/by/root:1`);
    expect(await digestAt(target.host, 'by/root', '1')).toBe(digest);
    expect(await digestAt(target.host, 'by/root', digestOfImage('quay.io/a/b:1.2'))).toMatch(
      /^sha/,
    );
  });

  test.each(Object.keys(names))('cp --from-oci-layout-path TAR %s', async (name) => {
    await oras('--from-oci-layout-path', tar, name, `${target.host}/by/name:1`);
    expect(await digestAt(target.host, 'by/name', '1')).toBe(digestOfImage(name));
  });
});

// An image with Docker's media types is none of skopeo's: it names only OCI ones in a layout (skopeo issue 1975).
describe('skopeo', () => {
  test.each(Object.keys(names).filter((name) => !name.includes('redis')))(
    'copy oci-archive:TAR:%s dir:',
    async (name) => {
      const folder = job.path('skopeo');
      await rm(folder, { recursive: true, force: true });
      const all = ['--all', `oci-archive:${tar}:${name}`, `dir:${folder}`];
      await execa(toolPath('skopeo'), [
        '--insecure-policy',
        '--tmpdir',
        job.path('tmp'),
        'copy',
        ...all,
      ]);
      const manifest = await readFile(join(folder, 'manifest.json'));
      expect(digestOf(manifest)).toBe(digestOfImage(name));
    },
  );
});

describe('containerd', () => {
  test('ctr images import brings every image under its full name', async () => {
    await containerd.ctr('images', 'import', tar);
    const listed = (await containerd.ctr('images', 'ls')).split('\n').slice(1);
    const found = listed.map((line) => line.split(/\s+/)).map(([name, , digest]) => [name, digest]);
    const expected = Object.entries(names).map(([name, full]) => [full, digestOfImage(name)]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  test('it has their content', async () => {
    const content = (await containerd.ctr('content', 'ls', '-q')).split('\n');
    for (const { digest } of inventory.images) expect(content).toContain(digest);
  });
});

describe('tar and sha256sum', () => {
  let folder: string;
  beforeAll(async () => {
    folder = job.path('unpacked');
    await mkdir(folder);
    await execa('tar', ['-xf', tar, '-C', folder]);
  });

  test('tar -xf gives exactly the files of the inventory, with their bytes and modes', async () => {
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = found.filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    const blobs = inventory.blobs.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`);
    const own = inventory.files.map(({ path }) => path);
    expect(paths.sort()).toEqual(['bundle.json', 'bundle.sig', ...own, ...blobs].sort());
    for (const { path, sha256, mode } of inventory.files) {
      expect(hexOf(digestOf(await readFile(join(folder, path))))).toBe(sha256);
      expect((await stat(join(folder, path))).mode & 0o777).toBe(mode);
    }
  });

  test('sha256sum -c SHA256SUMS passes, for every file but itself', async () => {
    const { stdout } = await execa('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder });
    const ok = stdout.split('\n').map((line) => line.replace(/: OK$/, ''));
    const own = inventory.files.map(({ path }) => path);
    expect(ok.sort()).toEqual(own.filter((path) => path !== 'SHA256SUMS').sort());
  });

  test('sha256sum -c NAME.tar.sha256 passes', async () => {
    const { stdout } = await execa('sha256sum', ['-c', 'sample-1.0.0.tar.sha256'], {
      cwd: job.path('out'),
    });
    expect(stdout).toBe('sample-1.0.0.tar: OK');
  });

  test('blobs are what their names say', async () => {
    for (const { digest, size } of inventory.blobs) {
      const bytes = await readFile(join(folder, 'blobs', digest.replace(':', '/')));
      expect([digestOf(bytes), bytes.length]).toEqual([digest, size]);
    }
  });
});

describe.each(['ed25519', 'ecdsa-p256'])('a signature by an %s key', (type) => {
  let folder: string;
  beforeAll(async () => {
    folder = job.path(type);
    await mkdir(folder);
    await job.done('keygen', '--out', `${type}/own.key`, '--type', type);
    const out = ['-o', type, '--signing-key-file', `${type}/own.key`];
    const { bundle } = await job.done('create', '-f', 'bundle.yaml', ...out);
    await execa('tar', ['-xf', bundle, '-C', folder]);
    await execa('sh', ['-c', 'base64 -d bundle.sig > sig.bin'], { cwd: folder });
    await execa('sh', ['-c', `sed 's/"sequence": /&1/' bundle.json > altered.json`], {
      cwd: folder,
    });
  });

  const openssl = (file: string) => {
    const pkeyutl = ['pkeyutl', '-verify', '-pubin', '-inkey', 'own.pub', '-rawin', '-in', file];
    const dgst = ['dgst', '-sha256', '-verify', 'own.pub', '-signature', 'sig.bin', file];
    return type === 'ed25519' ? [...pkeyutl, '-sigfile', 'sig.bin'] : dgst;
  };
  const cosign = (file: string) => [
    ...['verify-blob', '--key', 'own.pub', '--signature', 'bundle.sig'],
    ...['--insecure-ignore-tlog=true', file],
  ];

  test.each([
    ['openssl', openssl, /Verified|Successfully/],
    ['cosign', cosign, /Verified OK/],
  ])('is accepted by %s, and only over these bytes', async (tool, argv, said) => {
    const run = (file: string) =>
      execa(toolPath(tool), argv(file), { cwd: folder, all: true, reject: false });
    const whole = await run('bundle.json');
    expect(whole.all).toMatch(said);
    expect(whole.exitCode).toBe(0);
    expect((await run('altered.json')).exitCode).not.toBe(0);
  });
});
