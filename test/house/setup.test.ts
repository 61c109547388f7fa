import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let checkout: string;
let path: string;

/** A checkout whose packages are installed, on a machine that has Node and nothing else. */
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'airgap-'));
  const needed = [
    'scripts',
    'package.json',
    'package-lock.json',
    'node_modules/.package-lock.json',
  ];
  for (const name of needed) {
    mkdirSync(dirname(join(checkout, name)), { recursive: true });
    cpSync(join(root, name), join(checkout, name), { recursive: true });
  }
  path = join(checkout, 'path');
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, 'node'));
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

const setup = (...words: string[]) =>
  execa(process.execPath, ['scripts/setup.mjs', ...words], {
    cwd: checkout,
    env: { PATH: path },
    reject: false,
  });

/** A program on PATH that says it is oras of this version. */
function putOras(version: string): void {
  writeFileSync(join(path, 'oras'), `#!/bin/sh\necho 'Version:    ${version}'\n`);
  chmodSync(join(path, 'oras'), 0o755);
}

test('without Go, every missing tool is named with the line that builds it', async () => {
  const { exitCode, stderr } = await setup('oras', 'registry');
  expect(exitCode).toBe(3);
  expect(stderr).toContain('missing: oras, registry');
  expect(stderr).toMatch(/^ {2}go install .* oras\.land\/oras\/cmd\/oras@v1\.3\.6$/m);
});

test('without apt-get, the line to run as root is shown', async () => {
  const { exitCode, stderr } = await setup('skopeo', 'ctr');
  expect(exitCode).toBe(3);
  expect(stderr).toContain('missing: skopeo, ctr');
  expect(stderr).toContain('apt-get install -y skopeo containerd');
});

test('a tool on PATH is taken in its pinned version only', async () => {
  putOras('1.2.0');
  expect(await setup('oras')).toMatchObject({ exitCode: 3 });
  putOras('1.3.6');
  expect(await setup('oras')).toMatchObject({ exitCode: 0 });
  expect((await execa(join(checkout, '.tools/bin/oras'))).stdout).toBe('Version:    1.3.6');
});

test('a second call asks no tool anything again', async () => {
  putOras('1.3.6');
  await setup('oras');
  writeFileSync(join(path, 'oras'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect(await setup('oras')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
});

test('a tool that has gone from PATH is missed', async () => {
  putOras('1.3.6');
  await setup('oras');
  rmSync(join(path, 'oras'));
  expect(await setup('oras')).toMatchObject({ exitCode: 3 });
});

test('stale packages are installed again', async () => {
  const lock = join(checkout, 'node_modules/.package-lock.json');
  writeFileSync(lock, '{"packages": {"node_modules/execa": {"version": "0.0.1"}}}');
  const { exitCode, stdout, stderr } = await setup('build');
  expect(stdout).toContain('npm ci');
  expect(stderr).toContain('npm packages: could not be installed');
  expect(exitCode).toBe(3);
});

test('an unknown name is refused with the known ones', async () => {
  const { exitCode, stderr } = await setup('orax');
  expect(exitCode).toBe(3);
  expect(stderr).toContain('unknown tool or set: orax');
});
