import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';

/** A process of oras, as far as it can be looked at. */
export interface RunningOras {
  readonly pid?: number | undefined;
  readonly stdout: Readable;
}

/** Told of what is seen of a process, once a second or more often. */
export type Watch = (seen: Look) => void;

/** What is seen of a process at one time. */
export interface Look {
  readonly reported: Reported;
  /** Undefined where the system does not tell. */
  readonly traffic: Traffic | undefined;
}

/** What oras has said of blobs so far: that it begins to send them, has sent them, or has found them there. */
export type Reported = Readonly<Record<'Copying' | 'Copied' | 'Exists', ReadonlySet<string>>>;

/** A process that is looked at. */
export interface Watched {
  readonly reported: Reported;
  stop(): void;
}

/** Looks at a process every so many milliseconds, and reads all that it reports. */
export function watchProcess(
  { pid, stdout }: RunningOras,
  every: number,
  watches: readonly Watch[],
): Watched {
  const reported = {
    Copying: new Set<string>(),
    Copied: new Set<string>(),
    Exists: new Set<string>(),
  };
  let rest = '';
  const listen = (chunk: Buffer | string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // Of oras's words only these are read, each before twelve digits of a digest, and only to count.
      const [, word, name = ''] = /^(Copying|Copied|Exists)\s+([0-9a-f]{12}) /.exec(line) ?? [];
      if (word !== undefined) reported[word as keyof Reported].add(name);
    }
  };
  stdout.on('data', listen);
  const look = () => {
    const seen = { reported, traffic: trafficOf(pid) };
    for (const watch of watches) watch(seen);
  };
  const timer = setInterval(look, every).unref();
  const stop = () => {
    clearInterval(timer);
    stdout.off('data', listen);
  };
  return { reported, stop };
}

/**
 * Tells how many bytes of blobs are in the target by way of a copy: those that oras found there, and what its process
 * has written since, or where that cannot be seen the blobs that it reports as copied. A copy that is tried again finds
 * what arrived before, so nothing counts twice.
 */
export function watchOras(blobs: readonly Descriptor[], told: (bytes: number) => void): Watch {
  const sizes = sizesOf(blobs);
  return ({ reported, traffic }) => {
    const moved = traffic?.written ?? bytesOf(reported.Copied, sizes);
    told(bytesOf(reported.Exists, sizes) + moved);
  };
}

/** By the names that oras gives them. */
export function sizesOf(blobs: readonly Descriptor[]): ReadonlyMap<string, number> {
  return new Map(blobs.map(({ digest, size }) => [shortName(digest), size]));
}

/** The twelve digits by which oras names a blob. */
export function shortName(digest: Descriptor['digest']): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}

/** Bytes of the blobs that oras names so. */
export function bytesOf(names: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): number {
  return [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
}

/** Bytes that a process and its children have read and written, files and sockets alike. */
export interface Traffic {
  readonly read: number;
  readonly written: number;
}

/**
 * oras writes to nothing but sockets, save a few lines (proc(5), /proc/pid/io; it reads more than it copies, as of a tar
 * it reads every header). Some megabytes a connection may yet lie in the system's buffers.
 */
function trafficOf(pid: number | undefined): Traffic | undefined {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'latin1');
    const [read, written] = [/^rchar: (\d+)$/m, /^wchar: (\d+)$/m].map((line) =>
      Number(line.exec(io)?.[1] ?? 0),
    ) as [number, number];
    return childrenOf(pid).reduce((sum, child) => added(sum, trafficOf(child)), { read, written });
  } catch {
    // Not Linux, or the process has just ended.
    return undefined;
  }
}

function added(one: Traffic, other: Traffic = { read: 0, written: 0 }): Traffic {
  return { read: one.read + other.read, written: one.written + other.written };
}

/** A thread has children (proc(5), /proc/pid/task/tid/children); most threads have none. */
function childrenOf(pid: number | undefined): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const pids = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1');
    return pids.split(' ').filter(Boolean).map(Number);
  });
}
