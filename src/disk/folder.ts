import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onDisk } from './failures.ts';

/** Makes a folder and its parents. @throws AirgapError io */
export function makeFolder(path: string, mode = 0o777): Promise<void> {
  return onDisk(path, make(path, mode));
}

/** Node's own recursive `mkdir` never ends where a parent takes no folders, below /proc for instance. */
async function make(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await make(dirname(path), mode);
    await make(path, mode);
  }
}

/** Waits until the names in a folder, as they are now, outlast a power failure. @throws AirgapError io */
export async function syncFolder(path: string): Promise<void> {
  const folder = await onDisk(path, open(path));
  await onDisk(path, folder.sync()).finally(() => folder.close());
}
