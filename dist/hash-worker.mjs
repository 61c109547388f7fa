/** A thread that hashes ranges of open files: each message is one step of a hash, answered in order. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** Small enough to stay in the processor's cache between reading and hashing. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const hashes = new Map();

parentPort.on('message', (step) => {
  parentPort.postMessage(answerTo(step));
});

/** Without a range: the end of that hash. */
function answerTo({ id, range }) {
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  if (range) return take(hash, range);
  hashes.delete(id);
  return { hex: hash.digest('hex') };
}

/** @returns how many bytes there were, or the system's error code */
function take(hash, { fd, position, length }) {
  let done = 0;
  try {
    while (done < length) {
      const most = Math.min(buffer.length, length - done);
      const count = readSync(fd, buffer, 0, most, position + done);
      if (count === 0) break;
      hash.update(buffer.subarray(0, count));
      done += count;
    }
    return { done };
  } catch ({ code }) {
    return { code };
  }
}
