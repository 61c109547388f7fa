import type { ByteRange } from '../registry/api.ts';
import { type ArchiveEntry, blockSize } from './archive.ts';
import type { Volume } from './volume.ts';

/** A large body is read in ranges of so many bytes, in parallel. */
const rangeSize = 32 * 1024 * 1024;
/** What is noted of a range is a count of these, bytes. */
const unit = 256 * 1024;
/** A range is noted when it has come so much further, bytes, or to its end. */
const stride = 2 * unit;
/** Begins the block, which is then no tar header. */
const mark = Buffer.from('airgap-bundle has written, a byte a range:\n');
/** So many ranges are noted: those of a body beyond 14 GiB are read again. */
const mostNotes = blockSize - mark.length;

export interface BodyRange extends ByteRange {
  /** The first byte that is missing; beyond `end`, none is. */
  readonly next: number;
}

/**
 * How far each range of a large body has come, noted in the block where its header comes in the end, for the run after
 * one that was killed. It is a hint: the whole body is hashed before its header is written.
 */
export class BodyJournal {
  readonly #entry: ArchiveEntry;
  readonly #volume: Volume;
  readonly #ranges: { start: number; end: number; next: number; noted: number }[];
  #lastNote: Promise<void> = Promise.resolve();

  /** @param notes what an earlier run has left in the block, if anything */
  constructor(entry: ArchiveEntry, volume: Volume, notes: Buffer | undefined) {
    this.#entry = entry;
    this.#volume = volume;
    this.#ranges = rangesOf(entry.size).map(({ start, end }, at) => {
      const next = Math.min(start + (notes?.[at] ?? 0) * unit, end + 1);
      return { start, end, next, noted: next };
    });
  }

  get ranges(): readonly BodyRange[] {
    return this.#ranges.map(({ start, end, next }) => ({ start, end, next }));
  }

  /** Tells that the body is written up to `position`, from the start of the range that `from` lies in. */
  async reached(from: number, position: number): Promise<void> {
    const first = Math.floor(from / rangeSize);
    const reached = this.#ranges.slice(first).filter(({ start }) => start < position);
    for (const range of reached) range.next = Math.min(position, range.end + 1);
    const isWorthIt = ({ next, noted, end }: (typeof reached)[number]) =>
      next - noted >= stride || (next > end && noted <= end);
    if (reached.some(isWorthIt)) await this.#note();
  }

  /** One at a time: an earlier one must not come to the disk after a later one. */
  #note(): Promise<void> {
    this.#lastNote = this.#lastNote.then(() => this.#writeNotes());
    return this.#lastNote;
  }

  async #writeNotes(): Promise<void> {
    const block = Buffer.alloc(blockSize);
    mark.copy(block);
    const counts = this.#ranges.map(({ start, end, next }) =>
      next > end ? rangeSize / unit : Math.floor((next - start) / unit),
    );
    block.set(counts.slice(0, mostNotes), mark.length);
    for (const range of this.#ranges) range.noted = range.next;
    await this.#volume.write(block, this.#entry.start);
  }
}

/** @param isTaken whether the volume holds what an earlier run has written */
export async function openBodyJournal(
  entry: ArchiveEntry,
  volume: Volume,
  isTaken: boolean,
): Promise<BodyJournal> {
  if (!isTaken) return new BodyJournal(entry, volume, undefined);
  const block = Buffer.alloc(blockSize);
  await volume.read(block, 0, blockSize, entry.start);
  const isNoted = block.subarray(0, mark.length).equals(mark);
  return new BodyJournal(entry, volume, isNoted ? block.subarray(mark.length) : undefined);
}

function rangesOf(size: number): ByteRange[] {
  return Array.from({ length: Math.ceil(size / rangeSize) }, (_, at) => ({
    start: at * rangeSize,
    end: Math.min((at + 1) * rangeSize, size) - 1,
  }));
}
