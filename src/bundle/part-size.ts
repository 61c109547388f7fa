import { AirgapError } from '../report/error.ts';
import { blockSize } from './archive.ts';
import { countParts, mostParts } from './volume.ts';

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

const smallest = 1024 ** 2;

/**
 * What a person wrote for `--split-size`, in bytes; rounded down to tar's blocks, so that install.sh finds every
 * body at a whole block of a part.
 * @throws AirgapError usage
 */
export function parsePartSize(text: string): number {
  const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) *([a-z]*)$/i.exec(text.trim()) ?? [];
  const size = Number(number) * (units[unit.toLowerCase()] ?? Number.NaN);
  if (size >= smallest && Number.isSafeInteger(Math.ceil(size)))
    return Math.floor(size / blockSize) * blockSize;
  throw new AirgapError('usage', 'the split size is no size that a part can have', {
    given: text,
    expected: 'at least 1MiB: a number with B, KiB, MiB, GiB, KB, MB or GB; bytes without a unit',
    next: 'give for instance --split-size 1900MiB',
  });
}

/** @throws AirgapError usage when the parts' names would run out of numbers */
export function requireFewParts(size: number, partSize: number): void {
  const count = countParts(size, partSize);
  if (count <= mostParts) return;
  throw new AirgapError('usage', 'the split size is too small for this bundle', {
    given: `${partSize} bytes, which makes ${count} parts of ${size} bytes`,
    expected: `at most ${mostParts} parts`,
    next: `give a --split-size of at least ${Math.ceil(size / mostParts / smallest)}MiB`,
  });
}
