import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { diskError } from '../disk/failures.ts';
import { damaged } from './damage.ts';
import { type HashAnswer, type HashStep, hashWorker } from './hash-worker.ts';
import type { Segment, Volume } from './volume.ts';

/** A SHA-256 that grows in a thread, from what lies in a volume. */
export interface RunningHash {
  /** Takes in a range of the volume. @throws AirgapError io; integrity where the file ends before */
  update(position: number, length: number): Promise<void>;
  /** Hex; nothing comes after it. */
  digest(): Promise<string>;
  /** Ends it where nobody wants its digest; after `digest` it does nothing. */
  drop(): void;
}

/** Smaller bodies are hashed where they are read: a thread would be asked in vain. Bytes. */
export const largeBody = 1024 * 1024;
/** So much is asked of a thread at a time, bytes. */
export const stride = 8 * 1024 * 1024;
/** With more than these, reading is the bound. */
const mostThreads = 4;

/** Hashes ranges of one volume in threads, of which the first use of each starts one, up to one a processor. */
export class HashThreads {
  readonly #volume: Volume;
  readonly #threads: HashThread[] = [];
  #hashes = 0;
  #isClosed = false;

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  start(): RunningHash {
    const thread = this.#freest();
    const id = this.#hashes++;
    thread.running++;
    let isOver = false;
    const end = () => {
      isOver = true;
      thread.running--;
      return thread.ask({ id });
    };
    return {
      update: async (position, length) => {
        let at = position;
        for (const segment of this.#volume.segments(position, length)) {
          await this.#take(thread, id, segment, at);
          at += segment.length;
        }
      },
      digest: async () => (await end()).hex ?? '',
      drop: () => {
        if (!isOver) end().catch(() => {});
      },
    };
  }

  /** What is asked after that fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #take(
    thread: HashThread,
    id: number,
    { fd, path, position, length }: Segment,
    at: number,
  ): Promise<void> {
    const { done = 0, code } = await thread.ask({ id, range: { fd, position, length } });
    if (code !== undefined) throw diskError(path, Object.assign(new Error(code), { code }));
    if (done === length) return;
    throw damaged(path, { place: 'its end', offset: at + done, given: 'no more bytes' });
  }

  #freest(): HashThread {
    if (this.#isClosed) throw new Error('the hashing threads are closed');
    const [freest] = this.#threads.toSorted((a, b) => a.running - b.running);
    const most = Math.min(availableParallelism(), mostThreads);
    if (freest && (freest.running === 0 || this.#threads.length === most)) return freest;
    const thread = new HashThread();
    this.#threads.push(thread);
    return thread;
  }
}

/** Answers come in the order of the questions. */
class HashThread {
  /** Hashes that have begun and not ended. */
  running = 0;
  readonly #worker = new Worker(`(${hashWorker})()`, { eval: true, execArgv: [] });
  #failure: Error | undefined;
  readonly #waiting: { answer(answer: HashAnswer): void; fail(error: unknown): void }[] = [];

  constructor() {
    this.#worker.on('message', (answer: HashAnswer) => this.#waiting.shift()?.answer(answer));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the hashing thread has ended')));
  }

  ask(step: HashStep): Promise<HashAnswer> {
    return new Promise((answer, fail) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#waiting.push({ answer, fail });
      this.#worker.postMessage(step);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(failure: Error): void {
    this.#failure ??= failure;
    for (const { fail } of this.#waiting.splice(0)) fail(this.#failure);
  }
}
