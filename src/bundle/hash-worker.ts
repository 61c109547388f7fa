/**
 * What a thread does: each message is one step of a hash over ranges of open files, answered in order. A thread is
 * started from the text of this function, as `bundle.js` must do without a second file: it uses nothing around it.
 */
export function hashWorker(): void {
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { readSync } = process.getBuiltinModule('node:fs');
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  /** Small enough to stay in the processor's cache between reading and hashing. */
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  const hashes = new Map<number, ReturnType<typeof createHash>>();

  const hashOf = (id: number) => {
    const hash = hashes.get(id) ?? createHash('sha256');
    hashes.set(id, hash);
    return hash;
  };

  const end = (id: number): string => {
    const hash = hashOf(id);
    hashes.delete(id);
    return hash.digest('hex');
  };

  const take = (id: number, { fd, position, length }: HashedRange): number => {
    let done = 0;
    while (done < length) {
      const most = Math.min(buffer.length, length - done);
      const count = readSync(fd, buffer, 0, most, position + done);
      if (count === 0) break;
      hashOf(id).update(buffer.subarray(0, count));
      done += count;
    }
    return done;
  };

  const answerTo = ({ id, range }: HashStep): HashAnswer => {
    try {
      return range ? { done: take(id, range) } : { hex: end(id) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return { code };
    }
  };

  parentPort?.on('message', (step: HashStep) => parentPort.postMessage(answerTo(step)));
}

export interface HashStep {
  readonly id: number;
  /** Absent: the end of that hash. */
  readonly range?: HashedRange;
}

export interface HashedRange {
  readonly fd: number;
  readonly position: number;
  readonly length: number;
}

export interface HashAnswer {
  /** Bytes that were there. */
  readonly done?: number;
  /** Of the operating system's error. */
  readonly code?: string;
  readonly hex?: string;
}
