import { createHash } from 'node:crypto';

/** Numbers that follow from a seed. */
export interface Random {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** True in so many of 1. */
  chance(share: number): boolean;
  pick<T>(things: readonly T[]): T;
  bytes(length: number): Buffer;
}

/** The same words give the same numbers, on every machine. */
export function randomOf(...words: readonly (string | number)[]): Random {
  let state = createHash('sha256').update(words.join('\0')).digest().readUInt32LE(0);
  /** mulberry32: 32 bits at a time. */
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    chance: (share) => next() < share,
    pick: (things) => {
      if (things.length === 0) throw new Error('nothing to pick from');
      return things[below(things.length)] as (typeof things)[number];
    },
    bytes: (length) =>
      Buffer.from(
        Uint32Array.from({ length: (length + 3) >> 2 }, () => below(2 ** 32)).buffer,
        0,
        length,
      ),
  };
}
