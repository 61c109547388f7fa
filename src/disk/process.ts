import { createHash, randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * A name for this process by which another one can tell later whether it still runs: machine and PID namespace, PID,
 * and when it started, as a PID is given again. A random one where there is no /proc.
 */
export async function ownerName(): Promise<string> {
  const place = await placeName();
  const self = await processStat('self');
  if (place === undefined || self === undefined) return randomBytes(6).toString('hex');
  return `${place}-${self.pid}-${self.start}`;
}

/** Whether the process is known not to run any more; one of another machine or container is not known. */
export async function isGone(owner: string): Promise<boolean> {
  const [place, pid = '', start] = owner.split('-');
  if (start === undefined || place !== (await placeName())) return false;
  return (await processStat(pid))?.start !== start;
}

async function placeName(): Promise<string | undefined> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => undefined);
  if (namespace === undefined) return undefined;
  return createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 6);
}

/** Fields 1 and 22 of proc_pid_stat(5); the name between them is in brackets and may hold any of its own. */
async function processStat(pid: string): Promise<{ pid: string; start: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [, number, rest] = /^(\d+) \(.*\) (.+)$/s.exec(text ?? '') ?? [];
  const start = rest?.split(' ')[19];
  return number === undefined || start === undefined ? undefined : { pid: number, start };
}
