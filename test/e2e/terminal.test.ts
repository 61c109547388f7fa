import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import type { InTerminal } from '../helpers/terminal.ts';
import { startTarget, type Target } from '../transfer/setting.ts';

/** Large enough that oras moves them; each at half a megabyte a second. */
const slow = ['one', 'two', 'three'].map((name) => Buffer.alloc(2_000_000, `${name} layer `));
const images = ['one', 'two', 'three'].map((name) => `quay.io/a/${name}:1`);
const slowness = { sentAt: 500_000 };

let source: TestRegistry;
let target: Target;
let job: Job;
let running: InTerminal | undefined;

beforeAll(async () => {
  source = await startRegistry();
  job = await startKeyedJob();
  for (const [at, name] of images.entries()) {
    const [repository = '', tag = ''] = name.split(':');
    await pushImage(source.host, repository, tag, { layers: slow.slice(at, at + 1), opaque: true });
  }
});
afterAll(async () => {
  await source.stop();
  await job.remove();
});
beforeEach(async () => {
  target = await startTarget();
  target.rules.push(({ method, path }) =>
    method === 'PUT' && path.includes('/blobs/uploads/') ? slowness : undefined,
  );
  await job.bundle(target.host, { images, registries: reached(source.host, target.host) });
});
afterEach(async () => {
  running?.kill();
  await target.stop();
  await rm(job.path('.airgap-bundle'), { recursive: true, force: true });
});

function mirror(env: Readonly<Record<string, string>> = {}): InTerminal {
  running = job.inTerminal({ env }, 'mirror', '-f', 'bundle.yaml');
  return running;
}

const row = /^ {2}quay\.io\/a\/\w+:1 .* [#-]{14} .* of 1\.9 MiB$/;
const total = /^ {2}\d.* of 5\.7 MiB, \d+ %.*, \d of 3 images$/;
const isRow = (line: string) => row.test(line);
const hasRows = (lines: readonly string[]) =>
  lines.some(isRow) && lines.some((one) => total.test(one));
const sgr = '\u001b[3';

describe('a mirror on a terminal', () => {
  test('shows a row an image that moves and how far all is, and leaves only what was done', async () => {
    const terminal = mirror();
    const moving = await terminal.until(hasRows);
    expect(moving.findIndex((line) => total.test(line))).toBe(moving.length - 1);
    expect(moving.every((line) => line.length < 80)).toBe(true);
    expect(await terminal.exitCode).toBe(0);
    const left = await terminal.lines();
    expect(left.filter((line) => isRow(line) || total.test(line))).toEqual([]);
    for (const image of images)
      expect(left.filter((line) => line.includes(image))).toEqual([`  copied  ${image}`]);
    expect(left).toContain(`done: 3 images, 3 placements in ${target.host}`);
    expect(left.at(-1)).toBe('  airgap-bundle create -f bundle.yaml --without-images -o light');
    expect(terminal.bytes()).toContain(sgr);
    expect(await terminal.isCursorShown()).toBe(true);
  });

  test('fits a terminal that is made narrower and wider', async () => {
    const terminal = mirror();
    await terminal.until(hasRows);
    await terminal.resize(46);
    const name = /^ {2}quay\.io\/a\/\w+:1$/;
    const narrow = await terminal.until((lines) => lines.some((line) => name.test(line)));
    expect(narrow.filter(isRow)).toEqual([]);
    expect(narrow.filter((line) => line.includes(' of 5.7 MiB'))).toHaveLength(1);
    await terminal.resize(100);
    const wide = await terminal.until((lines) =>
      lines.some((one) => isRow(one) && one.length > 80),
    );
    expect(wide.filter((line) => total.test(line))).toHaveLength(1);
    expect(wide.filter((line) => line.startsWith('mirroring 3 images'))).toHaveLength(1);
    expect(await terminal.exitCode).toBe(0);
    const left = await terminal.lines();
    expect(left.filter((line) => line.includes(' of 5.7 MiB') || line.includes('--'))).toEqual([
      '  airgap-bundle create -f bundle.yaml --without-images -o light',
    ]);
  });

  test('ends by Ctrl-C with a clean screen that says how far it came, and the next run goes on', async () => {
    const terminal = mirror();
    await terminal.until(hasRows);
    terminal.type('\u0003');
    expect(await terminal.exitCode).toBe(130);
    const left = await terminal.lines();
    expect(left.filter((line) => isRow(line) || total.test(line))).toEqual([]);
    expect(left.slice(-2)).toEqual([
      'interrupted by SIGINT: run again to go on',
      expect.stringMatching(/^ {2}done: .* of 5\.7 MiB, \d+ %, 0 of 3 images$/),
    ]);
    expect(await terminal.isCursorShown()).toBe(true);
    target.rules.length = 0;
    expect(await mirror().exitCode).toBe(0);
    expect(await digestAt(target.host, 'm/quay.io/a/one', '1')).toMatch(/^sha256:/);
  });

  test('has no colours where NO_COLOR says so, and moves all the same', async () => {
    const terminal = mirror({ NO_COLOR: '1' });
    await terminal.until(hasRows);
    expect(await terminal.exitCode).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(terminal.bytes()).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  test('writes plain lines on a terminal that can do nothing', async () => {
    const terminal = mirror({ TERM: 'dumb' });
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.bytes()).not.toContain('\u001b');
    expect((await terminal.lines()).filter((line) => line.startsWith('  copied '))).toHaveLength(3);
  });
});

test('off a terminal each image has a line, and nothing is drawn or coloured', async () => {
  target.rules.length = 0;
  const { stdout, stderr } = await job.run('mirror', '-f', 'bundle.yaml');
  expect(`${stdout}${stderr}`).not.toContain('\u001b');
  expect(stderr.split('\n').filter((line) => line.startsWith('  copied '))).toHaveLength(3);
  expect(stdout).not.toContain('quay.io/a/one:1');
  const forced = await job.runWith({ env: { FORCE_COLOR: '1' } }, 'mirror', '-f', 'bundle.yaml');
  expect(forced.stdout).toContain('\u001b[32mdone:');
  const json = await job.runWith(
    { env: { FORCE_COLOR: '1' } },
    ...['mirror', '-f', 'bundle.yaml', '--output', 'json'],
  );
  expect(json.stdout).not.toContain('\u001b');
});
