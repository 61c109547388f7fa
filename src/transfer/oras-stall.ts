import type { Descriptor } from '../oci/descriptor.ts';
import { bytesOf, type Look, sizesOf, type Watch } from './oras-bytes.ts';

export interface Patience {
  /** How long a process may move nothing while bytes are owed, milliseconds. */
  readonly stallMs: number;
  /** Whether it waits for something that we hold back. */
  isExcused(): boolean;
}

const gibibyte = 2 ** 30;
/** How long a registry may take over a blob that it has, in milliseconds a GiB, beyond a stall's time. */
const digesting = 30_000;
/** What a process that waits reads and writes nevertheless, bytes: wake-ups of its own threads. */
const noise = 512;
/** Bytes a millisecond: a slower way is not one, where only finished blobs are seen. */
const slowest = 100;

/** Watches a copy of these blobs that begins now, and tells when it has moved nothing for too long. */
export function watchStall(
  blobs: readonly Descriptor[],
  { stallMs, isExcused }: Patience,
  stalled: () => void,
): Watch {
  const sizes = sizesOf(blobs);
  let before = 0;
  let since = performance.now();
  return (look) => {
    const now = performance.now();
    const [moved, least] = progressOf(look);
    if (moved - before > least || moved < before || isExcused()) {
      before = moved;
      since = now;
    } else if (now - since >= stallMs + moreFor(look, sizes)) stalled();
  };
}

/** Something that grows, and by how much it must to count. */
function progressOf({ reported, traffic }: Look): [number, number] {
  if (traffic !== undefined) return [traffic.read + traffic.written, noise];
  return [reported.Copying.size + reported.Copied.size + reported.Exists.size, 0];
}

/**
 * Milliseconds beyond a stall's time: for what the registry has to do with the largest blob that may have been sent to
 * its end. Where bytes are not seen, for sending one on the slowest way.
 */
function moreFor({ reported, traffic }: Look, sizes: ReadonlyMap<string, number>): number {
  const isDone = (name: string) => reported.Copied.has(name) || reported.Exists.has(name);
  const left = [...sizes].filter(([name]) => !isDone(name)).map(([, size]) => size);
  if (traffic === undefined) return Math.max(0, ...left) / slowest;
  const sent = traffic.written - bytesOf(reported.Copied, sizes);
  const mayBeSent = left.filter((size) => size <= sent);
  return (Math.max(0, ...mayBeSent) / gibibyte) * digesting;
}
