import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { diskUse, watchDisk } from './disk.ts';
import { ProcessTree, type TreeFigures } from './processes.ts';

/** What a contestant runs: a line of bash. */
export interface Command {
  readonly script: string;
  /** The first line of output that matches ends the first part of the work. */
  readonly partEnds?: RegExp;
}

export interface Measured extends TreeFigures {
  readonly seconds: number;
  /** The first part of them, where the command has parts. */
  readonly firstPart?: number;
  /** User and system seconds of all processes, exact. */
  readonly cpu: number;
  /** Most bytes that its folder took beyond what lay there before. */
  readonly disk: number;
}

/** Milliseconds between samples. */
const interval = 60;
/** A command that takes longer hangs; milliseconds. */
const limit = 20 * 60_000;
const pinned = join(import.meta.dirname, '..', '.tools', 'bin');

/** Runs a command in its folder, which is also its home and its place for temporary files. */
export async function measure(command: Command, folder: string): Promise<Measured> {
  const before = await diskUse(folder);
  const disk = watchDisk(folder);
  const run = await runAndSample(command, folder);
  return { ...run, disk: Math.max(0, (await disk.peak()) - before) };
}

async function runAndSample(
  { script, partEnds }: Command,
  folder: string,
): Promise<Omit<Measured, 'disk'>> {
  const env = await environment(folder);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const child = spawn('bash', ['-c', withTimes(script)], { cwd: folder, env, detached: true });
  child.stdin.end();
  const killWithUs = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
  process.once('exit', killWithUs);
  const tree = new ProcessTree(child.pid ?? 0);
  const timer = setInterval(() => tree.sample(), interval);
  const overdue = setTimeout(killWithUs, limit);
  let output = '';
  let firstPart: number | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output = `${output}${bytes}`.slice(-20_000);
      if (partEnds && firstPart === undefined && partEnds.test(output)) firstPart = seconds();
    });
  }
  const [code] = await once(child, 'close');
  const took = seconds();
  clearInterval(timer);
  clearTimeout(overdue);
  process.off('exit', killWithUs);
  if (code !== 0) throw new Error(`ended with ${code}: ${script}\n${output}`);
  return {
    seconds: took,
    ...(firstPart !== undefined && { firstPart }),
    cpu: cpuIn(output),
    ...tree.figures(),
  };
}

/** bash's `times` in the end: the second line is user and system time of all that it waited for. */
const withTimes = (script: string) => `${script}\ncode=$?\necho\necho @times\ntimes\nexit $code`;

function cpuIn(output: string): number {
  const [, line = ''] = output.slice(output.lastIndexOf('@times')).split('\n').slice(1);
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
}

async function environment(folder: string): Promise<Record<string, string>> {
  const [home, tmp] = [join(folder, 'home'), join(folder, 'tmp')];
  await mkdir(home, { recursive: true });
  await mkdir(tmp, { recursive: true });
  return {
    PATH: [pinned, process.env.PATH].join(delimiter),
    HOME: home,
    DOCKER_CONFIG: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    TMPDIR: tmp,
    LC_ALL: 'C',
  };
}
