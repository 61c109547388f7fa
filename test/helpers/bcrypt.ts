import { randomBytes } from 'node:crypto';

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const cost = 4;

/**
 * `$2a$` hash of a password, the only kind that a registry takes in an htpasswd file.
 * Written out here (Provos and Mazières 1999) because no tool that makes it is on every machine.
 */
export function bcrypt(password: string, salt: Uint8Array = randomBytes(16)): string {
  const key = Buffer.from(`${password}\0`);
  const state = freshState();
  expand(state, key, salt);
  for (let round = 0; round < 2 ** cost; round++) {
    expand(state, key);
    expand(state, salt);
  }
  const words = [...Array(6).keys()].map((i) => text.readUInt32BE(i * 4));
  for (let pair = 0; pair < 6; pair += 2) {
    for (let round = 0; round < 64; round++) {
      [words[pair], words[pair + 1]] = encipher(state, at(words, pair), at(words, pair + 1));
    }
  }
  const hash = Buffer.alloc(24);
  words.forEach((word, i) => {
    hash.writeUInt32BE(word >>> 0, i * 4);
  });
  return `$2a$0${cost}$${encode(salt)}${encode(hash.subarray(0, 23))}`;
}

const text = Buffer.from('OrpheanBeholderScryDoubt');

/** Blowfish's 18 subkeys, then its four boxes of 256 words. */
type State = Uint32Array;

let initial: State | undefined;

function freshState(): State {
  initial ??= piFraction(18 + 1024);
  return initial.slice();
}

/** The first words of pi's fraction: Machin's formula in fixed point, with guard bits. */
function piFraction(words: number): Uint32Array {
  const bits = BigInt(words * 32);
  const one = 1n << (bits + 64n);
  const arctanOfInverse = (x: bigint) => {
    let sum = 0n;
    let term = one / x;
    for (let n = 1n; term !== 0n; n += 2n) {
      sum += (n & 2n ? -term : term) / n;
      term /= x * x;
    }
    return sum;
  };
  const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
  const hex = ((pi >> 64n) & ((1n << bits) - 1n)).toString(16).padStart(words * 8, '0');
  return Uint32Array.from({ length: words }, (_, i) =>
    Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16),
  );
}

function expand(state: State, key: Uint8Array, salt: Uint8Array = new Uint8Array(16)): void {
  const keyWord = wordReader(key);
  for (let i = 0; i < 18; i++) state[i] = at(state, i) ^ keyWord();
  const saltWord = wordReader(salt);
  let left = 0;
  let right = 0;
  for (let i = 0; i < state.length; i += 2) {
    [left, right] = encipher(state, left ^ saltWord(), right ^ saltWord());
    state[i] = left;
    state[i + 1] = right;
  }
}

function wordReader(bytes: Uint8Array): () => number {
  let position = 0;
  return () => {
    let word = 0;
    for (let i = 0; i < 4; i++) word = (word << 8) | at(bytes, position++ % bytes.length);
    return word;
  };
}

function encipher(state: State, left: number, right: number): [number, number] {
  let [l, r] = [left ^ at(state, 0), right];
  for (let i = 1; i < 17; i += 2) {
    r ^= mix(state, l) ^ at(state, i);
    l ^= mix(state, r) ^ at(state, i + 1);
  }
  return [r ^ at(state, 17), l];
}

function mix(state: State, word: number): number {
  const box = (n: number, shift: number) => at(state, 18 + 256 * n + ((word >>> shift) & 255));
  return (((box(0, 24) + box(1, 16)) ^ box(2, 8)) + box(3, 0)) | 0;
}

function encode(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,6}/g) ?? [])
    .map((six) => alphabet[Number.parseInt(six.padEnd(6, '0'), 2)])
    .join('');
}

function at(list: ArrayLike<number>, index: number): number {
  return list[index] as number;
}
