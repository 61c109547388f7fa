import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes that work in a folder (or below it) still, after they have had a moment to end. */
export async function orphans(folder: string): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const found = await workingIn(folder);
    if (found.length === 0 || tries === 100) return found;
    await sleep(10);
  }
}

async function workingIn(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(
    pids.map(async (pid) => [pid, await readlink(`/proc/${pid}/cwd`).catch(() => '')] as const),
  );
  return places.filter(([, place]) => place.startsWith(folder)).map(([pid]) => pid);
}
