import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';

/** A process of oras, as far as it can be looked at. */
export interface RunningOras {
  readonly pid?: number | undefined;
  readonly stdout: Readable;
}

/** Looks at a process until what it returns is called. */
export type Watch = (oras: RunningOras) => () => void;

/** Milliseconds between two looks. */
const interval = 1_000;

/**
 * Tells once a second how many bytes of blobs are in the target by way of a copy: those that oras found there, and
 * what its process has written since, or where that cannot be seen the blobs that it reports as copied. A copy that is
 * tried again finds what arrived before, so nothing counts twice.
 */
export function watchOras(blobs: readonly Descriptor[], told: (bytes: number) => void): Watch {
  const sizes = sizesOf(blobs);
  return watching(interval, ({ stdout, traffic }) => {
    const moved = traffic?.written ?? reportedAs('Copied', stdout, sizes);
    told(reportedAs('Exists', stdout, sizes) + moved);
  });
}

/** What is seen of a process at one time. */
export interface Look {
  /** All that it wrote there so far. */
  readonly stdout: string;
  /** Undefined where the system does not tell. */
  readonly traffic: Traffic | undefined;
}

/** Looks every so many milliseconds. */
export function watching(every: number, look: (seen: Look) => void): Watch {
  return ({ pid, stdout }) => {
    let text = '';
    const listen = (chunk: Buffer | string) => {
      text += chunk;
    };
    stdout.on('data', listen);
    const timer = setInterval(() => look({ stdout: text, traffic: trafficOf(pid) }), every).unref();
    return () => {
      clearInterval(timer);
      stdout.off('data', listen);
    };
  };
}

/** By the names that oras gives them. */
export function sizesOf(blobs: readonly Descriptor[]): ReadonlyMap<string, number> {
  return new Map(blobs.map(({ digest, size }) => [shortName(digest), size]));
}

/** What oras says of a blob that it begins to send, has sent, or has found there. */
type Word = 'Copying' | 'Copied' | 'Exists';

/** Of oras's words only these are read, each before twelve digits of a digest, and only to count. */
export function reportedDigests(word: Word, stdout: string): Set<string> {
  const lines = stdout.matchAll(new RegExp(`^${word}\\s+([0-9a-f]{12}) `, 'gm'));
  return new Set([...lines].map(([, hex = '']) => hex));
}

/** The twelve digits by which oras names a blob. */
export function shortName(digest: Descriptor['digest']): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}

/** Bytes of the blobs that oras names so. */
export function reportedAs(word: Word, stdout: string, sizes: ReadonlyMap<string, number>): number {
  return [...reportedDigests(word, stdout)].reduce((sum, hex) => sum + (sizes.get(hex) ?? 0), 0);
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
