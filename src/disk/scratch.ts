import { rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from './failures.ts';
import { lookAt, thisProcess } from './process.ts';

/** Those of this process, for its sudden end. */
const open = new Set<string>();

/**
 * Gives `work` a folder that only this user can enter, and removes it whatever happens. It is named by the process:
 * what a killed one left, secrets perhaps, goes when the next one begins.
 * @throws AirgapError io
 */
export async function withScratch<T>(
  parent: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const { name } = await thisProcess();
  const path = await onDisk(parent, mkdtemp(join(parent, `airgap-bundle-${name}-`)));
  open.add(path);
  try {
    await sweep(parent, path);
    return await work(path);
  } finally {
    await onDisk(path, rm(path, { recursive: true, force: true }));
    open.delete(path);
  }
}

/** Removes what `withScratch` has open, before a process ends that cannot wait. */
export function removeScratch(): void {
  for (const path of open) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 2 });
    } catch {
      // A child still writes there: a later run sweeps.
    }
  }
}

/** A parent that cannot be listed costs the sweeping alone. */
async function sweep(parent: string, own: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const [, owner] = /^airgap-bundle-(.+)-[A-Za-z0-9]{6}$/.exec(name) ?? [];
    if (owner === undefined || (await lookAt(owner)) !== 'gone') continue;
    const path = join(parent, name);
    if (await isPrivateOf(path, own)) await rm(path, { recursive: true }).catch(() => undefined);
  }
}

/** In a folder that others can change, a deletion could be led elsewhere by a link while it goes down. */
async function isPrivateOf(path: string, own: string): Promise<boolean> {
  const [found, { uid }] = await Promise.all([lstat(path).catch(() => undefined), lstat(own)]);
  return found?.isDirectory() === true && found.uid === uid && !(found.mode & 0o077);
}
