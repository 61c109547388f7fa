import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onDisk } from './failures.ts';
import { makeFolder, syncFolder } from './folder.ts';

/** Who may read a file, and enter the folders that are made for it. */
interface Modes {
  readonly file: number;
  readonly folder: number;
}

const forAll: Modes = { file: 0o666, folder: 0o777 };
/** For the user's eyes alone. */
export const ownModes: Modes = { file: 0o600, folder: 0o700 };

/**
 * Writes a file such that it holds the old text or the new one at every moment, a power failure included; its folder
 * is made. One run at a time may do so: whoever calls has a lock.
 * @throws AirgapError io
 */
export async function replaceFile(path: string, text: string, modes = forAll): Promise<void> {
  const partial = `${path}.partial`;
  await makeFolder(dirname(path), modes.folder);
  try {
    await onDisk(path, writeFile(partial, text, { mode: modes.file, flush: true }));
    await onDisk(path, rename(partial, path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
