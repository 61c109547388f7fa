import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readChartArchive } from '../../src/install/chart-archive.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';

const root = resolve(import.meta.dirname, '../..');
let checkout: string;

/** A small checkout with the real build scripts and its dist/ built. */
beforeEach(async () => {
  checkout = mkdtempSync(join(tmpdir(), 'airgap-'));
  cpSync(join(root, 'scripts'), join(checkout, 'scripts'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(checkout, 'src/install/script'), { recursive: true });
  write('package.json', '{"name": "sample", "version": "1.2.3", "type": "module"}');
  write('src/install/script/main.sh', '#!/bin/sh\n');
  mkdirSync(join(checkout, 'charts/image-swap/templates'), { recursive: true });
  write('charts/image-swap/Chart.yaml', 'name: image-swap\nversion: 1.5.3\n');
  write('charts/image-swap/values.yaml', 'config: {}\n');
  write('charts/image-swap/templates/a.yaml', 'kind: A\n');
  write(
    'src/cli.ts',
    `import pMap from 'p-map';
     import own from '../package.json' with { type: 'json' };
     void pMap([own.version], (text) => console.log(text, import.meta.dirname));`,
  );
  write('src/action.ts', "import { info } from '@actions/core';\ninfo('hello');\n");
  await run('build.mjs');
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(join(checkout, path), text);
const dist = (name: string) => readFileSync(join(checkout, 'dist', name), 'utf8');

const run = (script: string, cwd = checkout) =>
  execa(process.execPath, [join(checkout, 'scripts', script)], { cwd, reject: false });

test('the bundles run by themselves under a module package', async () => {
  rmSync(join(checkout, 'node_modules'));
  const program = await execa(join(checkout, 'dist/bundle.js'));
  expect(program.stdout).toBe(`1.2.3 ${join(checkout, 'dist')}`);
  expect((await execa(process.execPath, [join(checkout, 'dist/action.js')])).stdout).toBe('hello');
});

test('licences of what is inside, and of nothing else', () => {
  expect(dist('licenses.txt')).toMatch(/^@actions\/core .*\nMIT\n[\s\S]*^p-map .*\nMIT\n/m);
  expect(dist('licenses.txt')).not.toMatch(/^(undici|zod) /m);
});

test('the same bytes from another folder, and nothing left over in dist/', async () => {
  const before = dist('bundle.js') + dist('action.js') + dist('licenses.txt');
  write('dist/left-over.js', '');
  await run('build.mjs', '/');
  expect(dist('bundle.js') + dist('action.js') + dist('licenses.txt')).toBe(before);
  expect(await run('check-dist.mjs')).toMatchObject({ exitCode: 0, stderr: '' });
});

test.each([
  ['a source that changed', 'src/action.ts', 'dist/action.js differs'],
  ['an installer that changed', 'src/install/script/words.sh', 'dist/install.sh differs'],
  ['a chart that changed', 'charts/image-swap/values.yaml', 'dist/image-swap-1.5.3.tgz differs'],
  ['a dist file that was edited', 'dist/bundle.js', 'dist/bundle.js differs'],
  ['a dist file from nowhere', 'dist/other.js', 'dist/other.js is not built from anything'],
])('check:dist fails on %s', async (_, path, line) => {
  write(path, '// changed\nconsole.log(1);\n');
  const { exitCode, stderr } = await run('check-dist.mjs');
  expect(exitCode).toBe(1);
  expect(stderr).toContain(line);
  expect(stderr).toContain('npm run build');
});

test('the chart is packed the same, whenever and by whomever its files were written', async () => {
  const before = readFileSync(join(checkout, 'dist/image-swap-1.5.3.tgz'));
  expect(hexOf(digestOf(before))).toBe(
    '1fc27627e63fe4aef606d99e8ac83e5da59cf5377ac39e6858552e7b73007836',
  );
  for (const path of ['Chart.yaml', 'templates/a.yaml']) {
    chmodSync(join(checkout, 'charts/image-swap', path), 0o600);
    utimesSync(join(checkout, 'charts/image-swap', path), 1, 1);
  }
  await run('build.mjs', '/');
  expect(readFileSync(join(checkout, 'dist/image-swap-1.5.3.tgz'))).toEqual(before);
  const { files } = await readChartArchive(before);
  expect([...files.keys()]).toEqual(['Chart.yaml', 'templates/a.yaml', 'values.yaml']);
});

test('a build that fails leaves dist/ as it was', async () => {
  const before = dist('bundle.js');
  write('src/cli.ts', 'const x = ;');
  expect(await run('build.mjs')).toMatchObject({ exitCode: 1 });
  expect(dist('bundle.js')).toBe(before);
});
