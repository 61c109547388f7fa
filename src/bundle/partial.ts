import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { onDisk } from './disk.ts';

/** A run that is alive writes more often than this, milliseconds. */
const longestPause = 15 * 60 * 1000;

/** Makes the folder, clears what killed runs left there, and asks for the room before a byte is fetched. */
export async function prepareFolder(out: string, size: number, now: Date): Promise<void> {
  const folder = dirname(out);
  await onDisk(folder, makeFolder(folder));
  await clearLeftovers(out, now);
  const { bavail, bsize } = await onDisk(folder, statfs(folder));
  if (bavail * bsize >= size) return;
  throw new AirgapError('io', 'the disk has too little room for the bundle', {
    given: `${bavail * bsize} bytes free in ${folder}`,
    expected: `${size} bytes`,
    next: 'free some space, or write to another folder',
  });
}

/** Node's own recursive `mkdir` never ends where a parent takes no folders, below /proc for instance. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

/** What another run is writing at this moment is left alone. */
async function clearLeftovers(out: string, now: Date): Promise<void> {
  const folder = dirname(out);
  for (const name of await onDisk(folder, readdir(folder))) {
    if (!name.startsWith(partialPrefix(out))) continue;
    const path = join(folder, name);
    const { mtimeMs } = await onDisk(path, stat(path));
    if (now.getTime() - mtimeMs > longestPause) await onDisk(path, rm(path, { force: true }));
  }
}

function partialPrefix(out: string): string {
  return `.${basename(out)}.partial-`;
}

/** A name of its own for each run: two runs at once cannot write into one file. */
export function partialPath(out: string): string {
  return join(dirname(out), `${partialPrefix(out)}${randomBytes(6).toString('hex')}`);
}

/** One pass over what was just written: it comes from the page cache. */
export async function hashFile(path: string, { signal }: Context): Promise<string> {
  const hash = createHash('sha256');
  const file = await onDisk(path, open(path));
  try {
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await onDisk(path, file.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Parts have names of their own below this one. */
export async function removePartial(partial: string): Promise<void> {
  const folder = dirname(partial);
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(basename(partial))) await rm(join(folder, name), { force: true });
}

export function partialScript(partial: string): string {
  return `${partial}-install.sh`;
}
