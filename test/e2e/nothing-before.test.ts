import { copyFile, open, readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

const good = 'out/sample-1.0.0.tar';
const trusted = ['--key', 'bundle.pub'];

let source: TestRegistry;
let target: TestRegistry;
let job: Job;
beforeAll(async () => {
  [source, target, job] = await Promise.all([startRegistry(), startRegistry(), startKeyedJob()]);
  // One layer is large enough to be hashed by a thread.
  const layers = [Buffer.alloc(5 * 2 ** 20, 'large'), 'small'];
  await pushImage(source.host, 'docker.io/library/nginx', '1', { layers });
  await job.bundle(target.host, {
    images: ['nginx:1'],
    registries: reached(source.host, target.host),
  });
  await job.done('create', '-o', 'out');
  await job.done('keygen', '--out', 'other.key');
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove()]);
});

/** System calls by which a process acts on anything but itself. */
const calls =
  'execve,execveat,socket,connect,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,truncate,ftruncate,chmod,fchmodat,pread64,read';

interface Trace {
  readonly exitCode: number;
  /** One system call each, in order, of every thread and child. */
  readonly lines: readonly string[];
}

async function traced(...argv: string[]): Promise<Trace> {
  const file = job.path('trace');
  const prefix = [
    toolPath('strace'),
    '-f',
    '-qq',
    '-s',
    '0',
    '-y',
    '-e',
    `trace=${calls}`,
    '-o',
    file,
  ];
  const { exitCode } = await job.runWith({ prefix }, ...argv);
  // The first is the run itself.
  return { exitCode, lines: wholeCalls(await readFile(file, 'latin1')).slice(1) };
}

/** strace cuts a call in two where another thread comes between: each stands whole where it began. */
function wholeCalls(text: string): string[] {
  const lines: string[] = [];
  const begun = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, pid = '', end] = /^(\d+) +(?:<\.\.\. \w+ resumed>(.*))?/.exec(line) ?? [];
    const at = begun.get(pid);
    if (end !== undefined && at !== undefined) {
      lines[at] = lines[at]?.replace(/ *<unfinished \.\.\.>$/, end) ?? '';
    } else {
      begun.set(pid, lines.push(line) - 1);
    }
  }
  return lines;
}

/** Whatever reaches out of the process: children, connections, names and files that change. */
function acts(line: string): boolean {
  if (/ (execve|execveat|connect)\(/.test(line)) return !/ENOENT/.test(line);
  if (/ socket\(/.test(line)) return /AF_INET/.test(line);
  if (/ open(at)?\(/.test(line)) return /O_(WRONLY|RDWR|CREAT|TRUNC)/.test(line);
  return !/ (pread64|read)\(/.test(line) && /^\d+ +\w+\(/.test(line);
}

async function flipped(name: string, at: number): Promise<string> {
  await copyFile(job.path(good), job.path(name));
  const file = await open(job.path(name), 'r+');
  const { size } = await file.stat();
  const position = at < 0 ? size + at : at;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, position);
  await file.close();
  return name;
}

describe('a bundle that is refused', () => {
  test.each<[string, number, () => Promise<string[]>]>([
    ['for its signature', 4, async () => [good, '--key', 'other.pub']],
    ['for its inventory', 4, async () => [await flipped('a.tar', 600), ...trusted]],
    ['for its last byte', 5, async () => [await flipped('b.tar', -1), ...trusted]],
    ['for a byte of a layer', 5, async () => [await flipped('c.tar', -(2 ** 20)), ...trusted]],
    ['for being no bundle', 5, async () => ['image-swap-1.5.3.tgz', ...trusted]],
  ])('%s starts nothing, reaches nobody and writes nothing', async (_, code, argv) => {
    const words = await argv();
    for (const verb of ['verify', 'load']) {
      const { exitCode, lines } = await traced(verb, ...words);
      expect(exitCode).toBe(code);
      expect(lines.length).toBeGreaterThan(20);
      expect(lines.filter(acts)).toEqual([]);
    }
  });
});

test('load has read the whole bundle before it starts, reaches or writes anything', async () => {
  const { exitCode, lines } = await traced('load', good, ...trusted);
  expect(exitCode).toBe(0);
  const first = lines.findIndex(acts);
  expect(first).toBeGreaterThan(0);
  const { size } = await stat(job.path(good));
  expect(bytesRead(lines.slice(0, first))).toBe(size);
});

test('what acts is seen', async () => {
  const { lines } = await traced('keygen', '--out', 'third.key');
  expect(lines.filter(acts).some((line) => line.includes('third.key'))).toBe(true);
});

/** How many different bytes of the bundle were read. */
function bytesRead(lines: readonly string[]): number {
  const ranges = lines.flatMap((line) => {
    const [, position, length] =
      /pread64\(\d+<[^>]*sample-1\.0\.0\.tar>.*, (\d+)\) = (\d+)/.exec(line) ?? [];
    return position ? [{ start: Number(position), end: Number(position) + Number(length) }] : [];
  });
  ranges.sort((a, b) => a.start - b.start);
  let end = 0;
  let count = 0;
  for (const range of ranges) {
    count += Math.max(0, range.end - Math.max(range.start, end));
    end = Math.max(end, range.end);
  }
  return count;
}
