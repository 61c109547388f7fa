import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a secret to a file that only this user can read, and returns its path. */
export type KeepPrivate = (name: string, content: string) => Promise<string>;

/** Gives `work` a private folder for secrets that must be files, and removes it whatever happens. */
export async function withPrivateFiles(
  parent: string | undefined,
  work: (keep: KeepPrivate) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(parent ?? tmpdir(), 'airgap-bundle-'));
  try {
    await work(async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, content, { mode: 0o600 });
      return path;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
