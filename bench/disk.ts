import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes that the files of a folder take on the disk; holes do not count, nor do files that go meanwhile. */
export async function diskUse(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let sum = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += await diskUse(path);
    else
      sum += await lstat(path).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      );
  }
  return sum;
}

/** Looks at a folder again and again, without taking more than a twentieth of the time for it. */
export function watchDisk(folder: string): { peak(): Promise<number> } {
  const stopping = new AbortController();
  let most = 0;
  const look = async () => {
    const started = performance.now();
    most = Math.max(most, await diskUse(folder));
    return performance.now() - started;
  };
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const took = await look();
      await sleep(Math.max(100, took * 20), undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    peak: async () => {
      stopping.abort();
      await watching;
      await look();
      return most;
    },
  };
}
