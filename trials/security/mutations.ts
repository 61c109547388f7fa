import { encodeHeader } from '../../src/bundle/archive.ts';
import type { Random } from '../random.ts';
import { setChecksum } from './checksum.ts';

/** One way to change a bundle; the same random gives the same change. */
export type Mutation = (bytes: Buffer, random: Random) => Buffer;

const block = 512;

/** By name: what a carrier, a bad stick or an attacker without the key can do to a file. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'a bit': (bytes, random) => withByte(bytes, random.below(bytes.length), 1 << random.below(8)),
  'some bytes': (bytes, random) => {
    const at = random.below(bytes.length);
    const others = random.bytes(1 + random.below(40));
    return spliced(bytes, at, others.length, others);
  },
  'a block of zeros': (bytes, random) =>
    spliced(bytes, blockIn(bytes, random), block, Buffer.alloc(block)),
  'bytes put in': (bytes, random) =>
    spliced(bytes, random.below(bytes.length), 0, random.bytes(1 + random.below(1024))),
  'blocks put in': (bytes, random) =>
    spliced(bytes, blockIn(bytes, random), 0, Buffer.alloc(block * (1 + random.below(4)))),
  'bytes taken out': (bytes, random) =>
    spliced(bytes, random.below(bytes.length), 1 + random.below(1024), Buffer.alloc(0)),
  'blocks taken out': (bytes, random) =>
    spliced(bytes, blockIn(bytes, random), block * (1 + random.below(4)), Buffer.alloc(0)),
  'blocks twice': (bytes, random) => {
    const [from, to] = [blockIn(bytes, random), blockIn(bytes, random)];
    const some = bytes.subarray(from, from + block * (1 + random.below(4)));
    return spliced(bytes, to, 0, some);
  },
  'blocks that changed places': (bytes, random) => {
    const [one, two] = [blockIn(bytes, random), blockIn(bytes, random)];
    const copy = Buffer.from(bytes);
    bytes.copy(copy, one, two, two + block);
    bytes.copy(copy, two, one, one + block);
    return copy;
  },
  'the end cut off': (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  'more behind the end': (bytes, random) =>
    Buffer.concat([bytes, random.pick([random.bytes(1 + random.below(2048)), bytes])]),
  'a header of another kind': (bytes, random) => {
    const copy = Buffer.from(bytes);
    const header = copy.subarray(random.pick(headers(bytes)), copy.length).subarray(0, block);
    // POSIX ustar typeflag: links, devices, folders, FIFO; GNU long names and sparse; pax.
    header.write(random.pick([...'123456LKSxgVMN']), 156);
    header.write(random.pick(['../../etc/passwd', '/etc/passwd', 'install.sh', '.']), 157);
    return withSum(copy, header);
  },
  'a header with another field': (bytes, random) => {
    const copy = Buffer.from(bytes);
    const header = copy.subarray(random.pick(headers(bytes)), copy.length).subarray(0, block);
    const [at, words] = random.pick(fields);
    header.write(random.pick(words), at, 'latin1');
    return withSum(copy, header);
  },
  'an entry put in': (bytes, random) => {
    const at = random.pick(headers(bytes));
    const path = random.pick(['install.sh', './install.sh', 'INSTALL.SH', 'chart/x', 'blobs/x']);
    const body = random.bytes(random.below(600));
    const header = encodeHeader({ path, size: body.length, mode: 0o755 }, new Date(0));
    const padding = Buffer.alloc((block - (body.length % block)) % block);
    return spliced(bytes, at, 0, Buffer.concat([header, body, padding]));
  },
  'another inventory': (bytes, random) => {
    const [from, to] = inventoryRange(bytes);
    const copy = Buffer.from(bytes);
    const digits = [...bytes.toString('latin1', from, to).matchAll(/[0-9a-f]/g)];
    const at = digits.length > 0 ? random.pick(digits).index : 0;
    copy.write(random.pick([...'0123456789abcdef']), from + at);
    return copy;
  },
  'another signature': (bytes, random) => {
    const at = bytes.indexOf('bundle.sig\0') + block;
    const copy = Buffer.from(bytes);
    const other = random.pick([
      random.bytes(64),
      Buffer.alloc(64),
      // Of an identity point: holds for keys of small order, in verifiers that take them.
      Buffer.concat([Buffer.of(1), Buffer.alloc(63)]),
    ]);
    copy.write(`${other.toString('base64')}\n`, at, 'latin1');
    return copy;
  },
};

/** Offsets and values of header fields: mode, owner, size, time, version, prefix. */
const fields: readonly (readonly [number, readonly string[]])[] = [
  [0, ['../x\0', '/x\0', 'bundle.json\0', 'bundle.sig\0', '\0', 'install.sh\0']],
  [100, ['0004755\0', '0000777\0', '       \0']],
  [108, ['0001750\0']],
  [
    124,
    [
      '77777777777\0',
      '00000000000\0',
      '-0000000001\0',
      '\x80\0\0\0\0\0\0\x02\0\0\0\0',
      '\xff'.repeat(12),
    ],
  ],
  [136, ['00000000000\0', '14000000000\0']],
  [257, ['ustar  \0', 'ustar\x0001', '\0\0\0\0\0\0\0\0']],
  [345, ['..\0', '/tmp\0', 'x\0']],
];

/** Where a header is, by its magic. */
function headers(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + block <= bytes.length; at += block)
    if (bytes.toString('latin1', at + 257, at + 262) === 'ustar') found.push(at);
  return found.length > 0 ? found : [0];
}

function inventoryRange(bytes: Buffer): [number, number] {
  return [block, block + Number.parseInt(bytes.toString('latin1', 124, 135), 8)];
}

function blockIn(bytes: Buffer, random: Random): number {
  return block * random.below(bytes.length / block);
}

function withByte(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

function spliced(bytes: Buffer, at: number, taken: number, given: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), given, bytes.subarray(at + taken)]);
}

function withSum(whole: Buffer, header: Buffer): Buffer {
  setChecksum(header);
  return whole;
}
