import type { FileHandle } from 'node:fs/promises';
import { damaged } from './damage.ts';
import { onDisk } from './disk.ts';

const windowSize = 1024 * 1024;

/** Reads a file forwards through one buffer, of 1 MiB unless told, so that neighbours cost one system call. */
export class Window {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #buffer: Buffer;
  #start = 0;
  #end = 0;

  constructor(file: FileHandle, path: string, size = windowSize) {
    this.#buffer = Buffer.allocUnsafe(Math.min(size, windowSize));
    this.#file = file;
    this.path = path;
  }

  /**
   * At least one byte from `position` on, at most `most`: what one read gives. Valid until the next call.
   * @throws AirgapError integrity where the file ends
   */
  async read(position: number, most: number): Promise<Buffer> {
    if (position < this.#start || position >= this.#end) await this.#fill(position);
    const from = position - this.#start;
    return this.#buffer.subarray(from, Math.min(from + most, this.#end - this.#start));
  }

  async #fill(position: number): Promise<void> {
    const read = this.#file.read(this.#buffer, 0, this.#buffer.length, position);
    const { bytesRead } = await onDisk(this.path, read);
    if (bytesRead === 0) {
      throw damaged(this.path, { place: 'its end', offset: position, given: 'no more bytes' });
    }
    this.#start = position;
    this.#end = position + bytesRead;
  }
}
