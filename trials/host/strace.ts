import { readFile, rm } from 'node:fs/promises';
import type { Ended, Outcome } from '../../test/helpers/job.ts';
import type { Site, Verb } from '../site.ts';

/**
 * The calls by which the program changes files. Its main thread makes none of them, and the one other thread that does
 * is counted alone, so that the n-th call of a run is a point that can be met again.
 */
export const changes = [
  'pwrite64',
  'pwritev',
  'ftruncate',
  'fsync',
  'rename',
  'mkdir',
  'unlink',
  'rmdir',
] as const;
export type Change = (typeof changes)[number];

/** What befalls the n-th call: `error=EIO`, `signal=KILL`. It is not carried out. */
export type Fault = `error=${string}` | 'signal=KILL';

/** All file work by one thread: strace counts the calls of each thread by themselves. */
const env = { UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };

const strace = ['timeout', '-s', 'KILL', '55', 'strace', '-f', '-qq', '-e', 'signal=none'];
/** Much faster; with it a signal comes with the first call or never (strace 6.1). */
const filtered = [...strace, '--seccomp-bpf'];

/** How often a run makes a call. */
export async function countOf(
  site: Site,
  verb: Verb,
  call: Change,
  ...flags: string[]
): Promise<number> {
  const log = site.job.path('tmp', 'calls');
  const ended = await site.runWith(
    { prefix: [...filtered, '-e', `trace=${call}`, '-o', log], env },
    verb,
    ...flags,
  );
  if (ended.exitCode !== 0) throw new Error(`without a fault it failed\n${ended.stderr}`);
  const calls = (await readFile(log, 'utf8')).match(new RegExp(`^\\d+ +${call}\\(`, 'gm')) ?? [];
  const byThread = new Map<string, number>();
  for (const line of calls) {
    const thread = line.split(' ')[0] ?? '';
    byThread.set(thread, (byThread.get(thread) ?? 0) + 1);
  }
  return Math.max(0, ...byThread.values());
}

/** How a run ended, and whether the fault came: else it shows nothing. */
export interface Faulted extends Ended<Outcome> {
  readonly isHit: boolean;
}

/** Runs with one call failing, or killed as it makes it. */
export async function runWithFault(
  site: Site,
  verb: Verb,
  { call, at, fault }: { call: Change | 'write'; at: number; fault: Fault },
  ...flags: string[]
): Promise<Faulted> {
  const log = site.job.path('faults');
  const words = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${at}`];
  const how = [...(fault === 'signal=KILL' ? strace : filtered), ...words, '-o', log];
  const ended = await site.runWith({ prefix: how, env }, verb, ...flags);
  const calls = await readFile(log, 'utf8');
  await rm(log);
  // A call in which the process was killed has no result.
  return { ...ended, isHit: /\(INJECTED\)$|= \?$/m.test(calls) };
}
