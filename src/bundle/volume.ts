import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { onDisk } from '../disk/failures.ts';

/** A file of a volume that is open. Positions are bytes of the volume; `end` is exclusive. */
export interface VolumePart {
  readonly file: FileHandle;
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Bytes that lie one after the other in one file; `position` is the file's own. */
export interface Segment {
  readonly fd: number;
  readonly path: string;
  readonly position: number;
  readonly length: number;
}

/** A bundle as one range of bytes, whether it lies in one file or in `NAME.tar.001`, `NAME.tar.002` … */
export class Volume {
  /** What the bundle is called: the one file, or the name that the parts' names begin with. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly parts: readonly VolumePart[];
  /** Of every part but the last, bytes. */
  readonly partSize: number;
  readonly isSplit: boolean;

  /** @param parts in order, all of one size but the last */
  constructor(path: string, parts: readonly VolumePart[]) {
    const [first] = parts;
    if (first === undefined) throw new Error('a volume has a file');
    this.path = path;
    this.parts = parts;
    this.size = parts.at(-1)?.end ?? 0;
    this.isSplit = first.path !== path;
    this.partSize = parts.length > 1 ? first.end : Number.POSITIVE_INFINITY;
  }

  /** What one read of one file gives: fewer bytes than asked for at a part's end, none at the end of all. */
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    const part = this.partAt(position);
    const most = part === this.parts.at(-1) ? length : Math.min(length, part.end - position);
    return onDisk(part.path, part.file.read(buffer, offset, most, position - part.start));
  }

  /** Writes all of it, across parts where it must. */
  async write(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const { file, path, start, end } = this.partAt(at);
      const most = Math.min(bytes.length - done, end - at);
      const { bytesWritten } = await onDisk(path, file.write(bytes, done, most, at - start));
      done += bytesWritten;
    }
  }

  /** The same for buffers that come one after the other: one call to the system, unless a part ends in between. */
  async writeAll(buffers: readonly Buffer[], position: number): Promise<void> {
    const size = buffers.reduce((sum, { length }) => sum + length, 0);
    const { file, path, start, end } = this.partAt(position);
    const fits = position + size <= end && buffers.length > 0;
    const written = fits ? await onDisk(path, file.writev(buffers, position - start)) : undefined;
    const done = written?.bytesWritten ?? 0;
    if (done < size) await this.write(Buffer.concat(buffers).subarray(done), position + done);
  }

  /** Where a range lies: one segment in a single file, several where it crosses the end of a part. */
  segments(position: number, length: number): Segment[] {
    const all: Segment[] = [];
    for (let at = position; at < position + length; ) {
      const { file, path, start, end } = this.partAt(at);
      const most = Math.min(position + length, end) - at;
      if (most <= 0) throw new RangeError(`no byte ${at} in ${this.path}`);
      all.push({ fd: file.fd, path, position: at - start, length: most });
      at += most;
    }
    return all;
  }

  /** The part that holds a byte; for one behind the end the last. */
  partAt(position: number): VolumePart {
    const at = Math.min(Math.floor(position / this.partSize), this.parts.length - 1);
    return this.parts[at] as VolumePart;
  }

  /** Names the files of a range for a message: those are to be copied again. */
  namesOf(position: number, length = 1): string {
    const first = this.partAt(position).path;
    const last = this.partAt(position + Math.max(length, 1) - 1).path;
    return first === last ? first : `${first} to ${last}`;
  }

  async sync(): Promise<void> {
    for (const { file, path } of this.parts) await onDisk(path, file.sync());
  }

  async close(): Promise<void> {
    for (const { file } of this.parts) await file.close();
  }
}

/** The highest number that a part's name has room for. */
export const mostParts = 999;

/** `NAME.tar.001` and so on, counted from one. */
export function partPathOf(path: string, number: number): string {
  return `${path}.${String(number).padStart(3, '0')}`;
}

export function countParts(size: number, partSize: number): number {
  return Math.max(1, Math.ceil(size / partSize));
}

export interface VolumeForm {
  /** Bytes; absent: one file. */
  readonly partSize?: number;
  /** Nobody but this user may read the files. */
  readonly isPrivate?: boolean;
}

/**
 * Files of `size` bytes altogether, which read as zeros until they are written: one at `path`, or with a `partSize`
 * as many parts as it takes. What is there already stays in them.
 */
export async function createVolume(
  path: string,
  size: number,
  { partSize, isPrivate = false }: VolumeForm,
): Promise<Volume> {
  const parts: VolumePart[] = [];
  try {
    for (const { name, start, end } of extentsOf(path, size, partSize)) {
      const mode = isPrivate ? 0o600 : 0o666;
      const file = await onDisk(name, open(name, constants.O_RDWR | constants.O_CREAT, mode));
      parts.push({ file, path: name, start, end });
      await onDisk(name, file.truncate(end - start));
    }
    return new Volume(path, parts);
  } catch (error) {
    for (const { file } of parts) await file.close();
    throw error;
  }
}

function extentsOf(path: string, size: number, partSize: number | undefined) {
  if (partSize === undefined) return [{ name: path, start: 0, end: size }];
  return Array.from({ length: countParts(size, partSize) }, (_, at) => ({
    name: partPathOf(path, at + 1),
    start: at * partSize,
    end: Math.min((at + 1) * partSize, size),
  }));
}
