import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDisk } from './failures.ts';
import { makeFolder, syncFolder } from './folder.ts';

/** What kind of file it is. */
interface Keeping {
  /** Who may read the file, and enter the folders that are made for it. */
  readonly modes: { readonly file: number; readonly folder: number };
  /** What is there when the call returns outlasts a power failure; that takes some milliseconds. */
  readonly isLasting: boolean;
}

/** Costs some work when it is lost. */
export const asHint: Keeping = { modes: { file: 0o666, folder: 0o777 }, isLasting: false };
/** For the user's eyes alone. */
export const asRecord: Keeping = { modes: { file: 0o600, folder: 0o700 }, isLasting: true };

/**
 * Writes a file such that it holds the old text or the new one at every moment; its folder is made. Of two runs at once
 * the later one's text stays, whole.
 * @throws AirgapError io
 */
export async function replaceFile(
  path: string,
  text: string,
  { modes, isLasting }: Keeping,
): Promise<void> {
  const partial = partialName(path);
  await makeFolder(dirname(path), modes.folder);
  try {
    await onDisk(
      path,
      writeFile(partial, text, { mode: modes.file, flag: 'wx', flush: isLasting }),
    );
    await onDisk(path, rename(partial, path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
  if (isLasting) await syncFolder(dirname(path));
}

/** A name beside the file that nobody else has: another run may be writing the same one. */
export function partialName(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 40)}.${randomUUID()}.partial`);
}
