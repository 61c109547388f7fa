import { AirgapError } from '../report/error.ts';
import { type ArchiveHead, blockSize } from './archive.ts';
import { damaged } from './damage.ts';
import { inventoryLimit } from './inventory-json.ts';
import { partPathOf, type Volume } from './volume.ts';

const signatureLimit = 4 * 1024;

/**
 * Takes `bundle.json` and `bundle.sig` from their fixed place. The only header fields that are used are the name, to
 * tell a signed bundle from an unsigned one, and the size; both headers are regenerated and compared later.
 * @throws AirgapError integrity, io
 */
export async function readHead(volume: Volume): Promise<ArchiveHead> {
  const { path, size } = volume;
  if (size < blockSize) throw notABundle(path, `${size} bytes`);
  const first = await readHeader(volume, 0);
  if (first.name !== 'bundle.json') throw notABundle(path, `${size} bytes of something else`);
  const inventory = await readBody(volume, { ...first, start: 0, limit: inventoryLimit });
  const start = blockSize + Math.ceil(inventory.length / blockSize) * blockSize;
  const second = await readHeader(volume, start);
  if (second.name !== 'bundle.sig') return { inventory };
  const signature = await readBody(volume, { ...second, start, limit: signatureLimit });
  return { inventory, signature };
}

interface FirstHeader {
  readonly name: string;
  readonly size: number;
}

/**
 * The checksum is looked at so that a damaged name is damage, and not "unsigned". A zero block is the end of an
 * archive that holds nothing else.
 */
async function readHeader(volume: Volume, start: number): Promise<FirstHeader> {
  const block = await readExactly(volume, start, blockSize);
  if (start > 0 && block.every((byte) => byte === 0)) return { name: '', size: 0 };
  const size = /^[0-7]{10,11}(?=[ \0]{1,2}$)/.exec(block.toString('latin1', 124, 136))?.[0];
  if (size === undefined || !checksumHolds(block)) {
    if (start === 0) throw notABundle(volume.path, 'something else');
    throw damaged(volume.namesOf(start), {
      place: 'the second header',
      offset: start,
      given: 'no ustar header',
    });
  }
  return {
    name: block.toString('latin1', 0, 100).replace(/\0+$/, ''),
    size: Number.parseInt(size, 8),
  };
}

/** POSIX ustar: the sum of all bytes, with the checksum field itself taken as spaces. */
function checksumHolds(block: Buffer): boolean {
  const others = Buffer.concat([block.subarray(0, 148), Buffer.alloc(8, ' '), block.subarray(156)]);
  const sum = others.reduce((total, byte) => total + byte, 0);
  return Number.parseInt(block.toString('latin1', 148, 156), 8) === sum;
}

async function readBody(
  volume: Volume,
  entry: FirstHeader & { start: number; limit: number },
): Promise<Buffer> {
  const { name, size, start, limit } = entry;
  if (size <= limit) return readExactly(volume, start + blockSize, size);
  throw damaged(volume.namesOf(start), {
    place: name,
    offset: start,
    given: `${size} bytes`,
    expected: `at most ${limit}`,
  });
}

async function readExactly(volume: Volume, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const rest = length - done;
    const { bytesRead } = await volume.read(buffer, done, rest, position + done);
    if (bytesRead === 0) throw truncated(volume, position + length);
    done += bytesRead;
  }
  return buffer;
}

function truncated({ path, size, parts, isSplit }: Volume, needed: number): AirgapError {
  const after = isSplit ? `, so ${partPathOf(path, parts.length + 1)} as well` : '';
  return new AirgapError('integrity', 'the bundle is truncated', {
    given: `${path}: ${size} bytes${isSplit ? ` in ${parts.length} part(s)` : ''}`,
    expected: `at least ${needed} bytes${after}`,
    next: 'copy it again, and compare it with its .sha256 file',
  });
}

function notABundle(path: string, found: string): AirgapError {
  return new AirgapError('integrity', 'not a bundle', {
    given: `${path}: ${found}`,
    expected: 'a tar of at least 2048 bytes that starts with bundle.json',
    next: 'give the NAME-VERSION.tar that `airgap-bundle create` wrote, or copy it again',
  });
}
