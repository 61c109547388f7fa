import { link, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onDisk } from './failures.ts';
import { makeFolder } from './folder.ts';
import { partialName } from './replace.ts';

/** Whether something has that name, be it a file or not. @throws AirgapError io */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    return onDisk(path, Promise.reject(cause));
  }
}

/**
 * Writes a file that is not there yet: whole, or not at all. Its folder is made.
 * @returns false where something has that name, which stays as it is
 * @throws AirgapError io
 */
export async function writeNewFile(path: string, text: string): Promise<boolean> {
  const partial = partialName(path);
  await makeFolder(dirname(path));
  try {
    await onDisk(path, writeFile(partial, text, { flag: 'wx', flush: true }));
    return await onDisk(path, takeName(partial, path, text));
  } finally {
    await rm(partial, { force: true }).catch(() => undefined);
  }
}

/** A second name, which no file is lost by; some file systems have one name a file. */
async function takeName(partial: string, path: string, text: string): Promise<boolean> {
  try {
    await link(partial, path).catch((error: NodeJS.ErrnoException) => {
      if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(error.code ?? '')) throw error;
      return writeFile(path, text, { flag: 'wx', flush: true });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
