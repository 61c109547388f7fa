import { AirgapError } from '../report/error.ts';
import type { Archive } from './archive.ts';
import { damaged } from './damage.ts';
import { partMissing } from './open-volume.ts';
import { countParts, partPathOf, type Volume } from './volume.ts';

/** Holds the size to what the inventory says, and of parts the number. @throws AirgapError integrity */
export function checkSize(volume: Volume, archive: Archive): void {
  if (volume.size === archive.size) return;
  if (volume.isSplit) checkParts(volume, archive.size);
  const isShort = volume.size < archive.size;
  const end = Math.min(volume.size, archive.size);
  throw damaged(volume.namesOf(end), {
    place: isShort ? 'its end: bytes are missing' : 'its end: there are more bytes',
    offset: end,
    given: `${volume.size} bytes`,
    expected: `${archive.size} bytes`,
  });
}

/** Which part is missing, or too much. */
function checkParts({ path, parts }: Volume, size: number): void {
  const [first] = parts;
  const expected = countParts(size, first?.end ?? size);
  if (parts.length < expected) throw partMissing(partPathOf(path, parts.length + 1));
  if (parts.length === expected) return;
  throw new AirgapError('integrity', 'there is a part that is not of this bundle', {
    given: partPathOf(path, expected + 1),
    expected: `${expected} parts`,
    next: 'take it away, and compare the others with the .sha256 file',
  });
}
