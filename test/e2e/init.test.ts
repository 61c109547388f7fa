import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { startRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

const program = resolve('dist/bundle.js');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterEach(() => rm(folder, { recursive: true }));

const { PATH, HOME } = process.env;
const options = () => ({
  cwd: folder,
  env: { PATH, HOME, TERM: 'xterm' },
  extendEnv: false,
  reject: false,
});

/** Without a terminal. */
const run = (...words: string[]) =>
  execa(process.execPath, [program, ...words], { ...options(), stdin: 'ignore' });

/** On a terminal: each answer is typed once its question stands there. */
async function asked(answers: readonly (readonly [question: string, answer: string])[]) {
  const command = `stty cols 200; '${process.execPath}' '${program}' init`;
  const child = execa(toolPath('script'), ['-qefc', command, '/dev/null'], options());
  let shown = '';
  let next = 0;
  child.stdout.on('data', (data: Buffer) => {
    shown += String(data);
    const [question, answer] = answers[next] ?? [];
    if (question === undefined || !shown.includes(`${question}: `)) return;
    shown = '';
    next += 1;
    child.stdin.write(answer ?? '');
  });
  const { exitCode, stdout } = await child;
  return { exitCode, stdout, asked: next };
}

const toTheKey = [
  ['Target registry, host[:port]', 'https://harbor.example.org\r'],
  ['Target registry, host[:port]', 'harbor.example.org:8443\r'],
  ['Its name in the image-swap values [harbor]', '\r'],
  ['Path below it that all images lie under [airgap-images]', 'apps\r'],
  ['or a file with one [each registry below its own name]', '\r'],
  ['Images, separated by commas, or a file with one a line [later]', 'list.txt\r'],
  ['Platforms to keep, or all [linux/amd64]', '\r'],
] as const;
const theKey = 'Private key that signs, there or to be made; or none [bundle.key]';

describe('on a terminal', () => {
  test('the answers become the file; one that cannot be is asked for again', async () => {
    await writeFile(join(folder, 'list.txt'), 'nginx:1.27\n');
    const { exitCode, stdout } = await asked([...toTheKey, [theKey, '\r']]);
    expect(stdout).toContain('ociImageRegistry.endpoint is not host[:port]');
    expect(stdout).toContain('airgap-bundle keygen --out bundle.key');
    expect(exitCode).toBe(0);
    expect(load(await readFile(join(folder, 'bundle.yaml'), 'utf8'))).toMatchObject({
      ociImageRegistry: {
        endpoint: 'harbor.example.org:8443',
        name: 'harbor',
        baseContentPath: 'apps',
        mirrorRegistries: expect.arrayContaining([
          'docker.io::harbor.example.org:8443/apps/docker.io',
        ]),
      },
      images: [{ list: './list.txt' }],
      platforms: ['linux/amd64'],
      signing: { key: './bundle.key' },
    });
  });

  test.each([
    ['Ctrl-C', '\u0003', 130, 'interrupted by SIGINT'],
    ['the end of the input', '\u0004', 2, 'the input ended before the last question was answered'],
  ])('%s at the last question leaves nothing behind', async (_, key, code, says) => {
    await writeFile(join(folder, 'list.txt'), 'nginx:1.27\n');
    const { exitCode, stdout, asked: count } = await asked([...toTheKey, [theKey, key]]);
    expect(count).toBe(toTheKey.length + 1);
    expect(stdout).toContain(says);
    expect(exitCode).toBe(code);
    expect(await readdir(folder)).toEqual(['list.txt']);
  });

  test('as often as it takes, and Node has nothing to warn of', async () => {
    const wrong = Array.from({ length: 12 }, () => toTheKey[0]);
    const { exitCode, stdout, asked: count } = await asked([...wrong, [toTheKey[0][0], '\u0004']]);
    expect([exitCode, count]).toEqual([2, 13]);
    expect(stdout).not.toContain('Warning');
  });

  test('nothing is asked where a file is in the way', async () => {
    await writeFile(join(folder, 'bundle.yaml'), 'mine');
    const { exitCode, stdout } = await asked([]);
    expect(exitCode).toBe(2);
    expect(stdout).toContain('init overwrites none');
    expect(stdout).not.toContain('Target registry');
  });
});

describe('without a terminal', () => {
  test('and without input it says which flags it wants', async () => {
    const { exitCode, stdout, stderr } = await run('init');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('init --from values.yaml, or init --endpoint HOST');
    expect(await readdir(folder)).toEqual([]);
  });

  test('what it writes plan carries out, and it says what to type next', async () => {
    const source = await startRegistry();
    await pushImage(source.host, 'docker.io/library/nginx', '1');
    const { exitCode, stdout } = await run(
      ...['init', '--endpoint', 'h.example', '--images', 'nginx:1', '--unsigned'],
      ...['--environment', 'non-airgap', '--plain-http', source.host],
      ...['--registry-mirrors', `docker.io=${source.host}/docker.io`],
    );
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toContain(`\nnext, in ${folder}:\n  airgap-bundle plan`);
    expect(stdout).not.toContain('keygen');
    const plan = await run('plan', '--output', 'json');
    await source.stop();
    expect(plan.exitCode).toBe(0);
    const { inventory } = JSON.parse(plan.stdout) as {
      inventory: { images: { placements: { reference: string }[] }[] };
    };
    expect(inventory.images[0]?.placements.map(({ reference }) => reference)).toContain(
      'h.example/airgap-images/docker.io/library/nginx:1',
    );
  });

  test('its JSON is one document, and the password of the values is nowhere', async () => {
    const values = resolve('test/fixtures/init/flat.values.yaml');
    const { stdout, stderr } = await run('init', '--from', values, '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      leftOut: ['password', 'username'],
      key: './bundle.key',
    });
    expect(stdout + stderr).not.toContain('hunter2');
  });
});
