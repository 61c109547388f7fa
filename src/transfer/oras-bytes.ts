import { readFileSync } from 'node:fs';
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
  const sizes = new Map(blobs.map(({ digest, size }) => [shortName(digest), size]));
  return ({ pid, stdout }) => {
    let reported = '';
    const listen = (chunk: Buffer | string) => {
      reported += chunk;
    };
    stdout.on('data', listen);
    const look = () => told(reportedAs('Exists', reported, sizes) + moved(pid, reported, sizes));
    const timer = setInterval(look, interval).unref();
    return () => {
      clearInterval(timer);
      stdout.off('data', listen);
    };
  };
}

/** Of oras's words only `Copied <12 hex>` and `Exists <12 hex>` are read, and only to count. */
export function reportedDigests(word: 'Copied' | 'Exists', stdout: string): Set<string> {
  const lines = stdout.matchAll(new RegExp(`^${word}\\s+([0-9a-f]{12}) `, 'gm'));
  return new Set([...lines].map(([, hex = '']) => hex));
}

/** The twelve digits by which oras names a blob. */
export function shortName(digest: Descriptor['digest']): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}

function reportedAs(
  word: 'Copied' | 'Exists',
  stdout: string,
  sizes: ReadonlyMap<string, number>,
): number {
  return [...reportedDigests(word, stdout)].reduce((sum, hex) => sum + (sizes.get(hex) ?? 0), 0);
}

/**
 * oras writes to nothing but sockets, save a few lines (proc(5): wchar; rchar is more, as of a tar it reads every
 * header). Some megabytes a connection may yet lie in the system's buffers.
 */
function moved(
  pid: number | undefined,
  stdout: string,
  sizes: ReadonlyMap<string, number>,
): number {
  try {
    const written = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'));
    if (written !== null) return Number(written[1]);
  } catch {
    // Not Linux, or the process has just ended.
  }
  return reportedAs('Copied', stdout, sizes);
}
