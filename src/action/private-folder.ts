import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from '../disk/failures.ts';

/** A folder that only this user can enter, for secrets that must be files. */
export interface PrivateFolder {
  readonly path: string;
  /** Writes a secret to a file of mode 0600, and returns its path. */
  keep(name: string, content: string): Promise<string>;
}

/** Gives `work` a private folder below the runner's own, and removes it whatever happens. */
export async function withPrivateFolder<T>(
  parent: string,
  work: (folder: PrivateFolder) => Promise<T>,
): Promise<T> {
  const path = await onDisk(parent, mkdtemp(join(parent, 'airgap-bundle-')));
  try {
    return await work({
      path,
      keep: async (name, content) => {
        const file = join(path, name);
        await onDisk(file, writeFile(file, content, { mode: 0o600 }));
        return file;
      },
    });
  } finally {
    await removePrivateFolder(path);
  }
}

export async function removePrivateFolder(path: string): Promise<void> {
  await onDisk(path, rm(path, { recursive: true, force: true }));
}
