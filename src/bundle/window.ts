import { damaged } from './damage.ts';
import type { Volume } from './volume.ts';

const windowSize = 1024 * 1024;

/** Reads a bundle forwards through one buffer, of 1 MiB unless told, so that neighbours cost one system call. */
export class Window {
  readonly volume: Volume;
  readonly #buffer: Buffer;
  #start = 0;
  #end = 0;

  constructor(volume: Volume, size = windowSize) {
    this.#buffer = Buffer.allocUnsafe(Math.min(size, windowSize));
    this.volume = volume;
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
    const { bytesRead } = await this.volume.read(this.#buffer, 0, this.#buffer.length, position);
    if (bytesRead === 0) {
      throw damaged(this.volume.namesOf(position), {
        place: 'its end',
        offset: position,
        given: 'no more bytes',
      });
    }
    this.#start = position;
    this.#end = position + bytesRead;
  }
}
