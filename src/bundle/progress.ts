import type { Emit } from '../report/events.ts';

const stride = 4 * 1024 * 1024;

/** @returns a counter of bytes done that emits a `bytes` event every 4 MiB and at the end. */
export function byteProgress(total: number, emit: Emit): (bytes: number) => void {
  let done = 0;
  let told = 0;
  return (bytes) => {
    done += bytes;
    if (done - told < stride && done < total) return;
    told = done;
    emit({ kind: 'bytes', done, total });
  };
}
