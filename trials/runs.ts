import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended, Outcome } from '../test/helpers/job.ts';
import type { FrontProxy } from '../test/helpers/proxy.ts';
import type { Site, Verb } from './site.ts';

/** Whom a kill hits: the program with its children, or the program alone, so that its children live on. */
export type Victim = 'group' | 'program';

/** A run in a process group of its own. */
export interface Running {
  readonly ended: Promise<Ended<Outcome>>;
  /** SIGKILL. Nothing where it has ended. */
  kill(whom: Victim): Promise<void>;
}

const writesPid = ['setsid', 'sh', '-c', 'echo $$ > tmp/pid; exec "$@"', 'sh'];

export async function start({ job, argv }: Site, verb: Verb, ...flags: string[]): Promise<Running> {
  await rm(job.path('tmp', 'pid'), { force: true });
  const words = [...argv(verb), ...flags, '--output', 'json'];
  const ended = job.runWith({ prefix: writesPid }, ...words);
  const kill = async (whom: Victim) => {
    const pid = await pidIn(job.path('tmp', 'pid'));
    signal(whom === 'group' ? -pid : pid);
  };
  const timer = setTimeout(() => void kill('group'), 55_000);
  return { ended: ended.finally(() => clearTimeout(timer)), kill };
}

/** A run that is killed when so many requests have come to both proxies, counted from now; resolves when it is over. */
export async function killedAt(
  site: Site,
  verb: Verb,
  requests: number,
  whom: Victim,
): Promise<Ended<Outcome>> {
  const running = await start(site, verb);
  const stop = afterRequests(site, requests, () => running.kill(whom));
  const ended = await running.ended;
  stop();
  await orphansGone(site);
  return ended;
}

/** Does it once so many requests have come; returns what takes that back. */
export function afterRequests({ source, target }: Site, count: number, work: () => Promise<void>) {
  let left = count;
  const rule = async () => {
    if (left-- === 0) await work();
    return undefined;
  };
  const fronts: readonly FrontProxy[] = [source.front, target.front];
  for (const { rules } of fronts) rules.unshift(rule);
  return () => {
    for (const { rules } of fronts) rules.splice(rules.indexOf(rule), 1);
  };
}

/** Whoever outlived the program has done what it was about, or is killed: the trial is not to wait for it. */
export async function orphansGone(site: Site): Promise<void> {
  const group = -(await groupOf(site));
  for (let tries = 0; tries < 300; tries++) {
    if (!isThere(group)) return;
    await sleep(10);
  }
  signal(group);
}

/** The process group of the run that was started last. */
export const groupOf = ({ job }: Site): Promise<number> => pidIn(job.path('tmp', 'pid'));

async function pidIn(path: string): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (pid > 0) return pid;
    await sleep(5);
  }
  throw new Error('the run did not start');
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
