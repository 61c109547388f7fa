import { createHash, randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** This process, as another one can tell later whether it still runs. */
export interface ProcessName {
  /**
   * Host, boot and PID namespace, PID, and when it started, as a PID is given again. Random where there is no /proc:
   * of such a one nothing can be told.
   */
  readonly name: string;
  /** Decimal; absent where there is no /proc. */
  readonly pid?: string;
}

export async function thisProcess(): Promise<ProcessName> {
  const place = await placeName();
  const self = await processStat('self');
  if (place === undefined || self === undefined) return { name: randomBytes(6).toString('hex') };
  return { name: `${place}-${self.pid}-${self.start}`, pid: self.pid };
}

/** Whether a process runs, by its name; one of another machine or container is not known. */
export async function lookAt(name: string): Promise<'runs' | 'gone' | 'unknown'> {
  const [place, pid = '', start] = name.split('-');
  if (start === undefined || place !== (await placeName())) return 'unknown';
  const stat = await processStat(pid);
  if (stat !== undefined) return stat.start === start ? 'runs' : 'gone';
  // proc(5), hidepid: the processes of other users may be hidden, and the first one with them.
  return (await processStat('1')) === undefined ? 'unknown' : 'gone';
}

/** The number of a PID namespace is given again as well: to a container of the same host, or after a boot. */
async function placeName(): Promise<string | undefined> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => undefined);
  if (namespace === undefined) return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const place = `${hostname()} ${boot} ${namespace}`;
  return createHash('sha256').update(place).digest('hex').slice(0, 12);
}

interface ProcessStat {
  readonly pid: string;
  /** Of a zombie, which has ended: empty. */
  readonly start: string;
}

/** Fields 1, 3 and 22 of proc_pid_stat(5); the name between them is in brackets and may hold any of its own. */
async function processStat(pid: string): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [, number, rest] = /^(\d+) \(.*\) (.+)$/s.exec(text ?? '') ?? [];
  const fields = rest?.split(' ') ?? [];
  const [state, start] = [fields[0], fields[19]];
  if (number === undefined || start === undefined) return undefined;
  return { pid: number, start: state === 'Z' || state === 'X' ? '' : start };
}
