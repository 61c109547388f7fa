import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskError, onDisk } from '../disk/failures.ts';
import { isGone, ownerName } from '../disk/process.ts';
import { AirgapError } from '../report/error.ts';

/** A run that is alive writes more often than this, milliseconds. */
const longestPause = 15 * 60 * 1000;

/** The hidden folder beside `out` in which a run writes: of its own, so that two runs never write into one file. */
export interface Partial {
  readonly folder: string;
  /** The name under which it is put aside, but for its end. */
  readonly stem: string;
  /** Of the bundle in it. */
  readonly path: string;
  /** It is what an earlier run has left, with the same layout. */
  readonly isTaken: boolean;
}

/**
 * Makes the folder of `out`, takes what a run of the same layout left there, clears what others did, and asks for the
 * room before a byte is fetched.
 * @param layout names where each byte of the bundle lies, hex
 * @param size of the bundle, bytes
 */
export async function openPartial(
  out: string,
  layout: string,
  size: number,
  now: Date,
): Promise<Partial> {
  const home = dirname(out);
  await onDisk(home, makeFolder(home));
  const [left, ...others] = await leftovers(out, layout, now);
  for (const folder of others) await removePartial(folder);
  await requireRoom(home, size - (left ? await allocated(left) : 0));
  const stem = `${partialPrefix(out)}${layout}`;
  const folder = `${stem}-${await ownerName()}-${anyName()}`;
  const isTaken = left !== undefined && (await isRenamed(left, folder));
  if (!isTaken) await onDisk(folder, mkdir(folder));
  return { folder, stem, path: join(folder, basename(out)), isTaken };
}

async function requireRoom(folder: string, size: number): Promise<void> {
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

/** What no run writes to any more: first one that has the layout, if any (else undefined), then the others. */
async function leftovers(
  out: string,
  layout: string,
  now: Date,
): Promise<[string | undefined, ...string[]]> {
  const names = await onDisk(dirname(out), readdir(dirname(out)));
  const paths = names.map((name) => join(dirname(out), name));
  const left: string[] = [];
  for (const path of paths)
    if (path.startsWith(partialPrefix(out)) && (await isLeft(path, out, now))) left.push(path);
  const fitting = left.find((path) => path.startsWith(`${partialPrefix(out)}${layout}-`));
  return [fitting, ...left.filter((path) => path !== fitting)];
}

/** What was put aside, what is of a process that is gone, and, where that cannot be known, what is old. */
async function isLeft(path: string, out: string, now: Date): Promise<boolean> {
  const [, ...owner] = path.slice(partialPrefix(out).length).split('-');
  if (owner[0] === aside || (await isGone(owner.join('-')))) return true;
  const times = (await statsIn(path)).map(({ mtimeMs }) => mtimeMs);
  return now.getTime() - Math.max(...times) > longestPause;
}

async function allocated(folder: string): Promise<number> {
  return (await statsIn(folder)).reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

/** Of a file or folder, and of what is in it. Another run may take it away meanwhile. */
async function statsIn(path: string): Promise<Stats[]> {
  const names = await readdir(path).catch(() => []);
  const paths = [path, ...names.map((name) => join(path, name))];
  const stats = await Promise.all(paths.map((one) => stat(one).catch(() => undefined)));
  return stats.filter((one) => one !== undefined);
}

/** Of two runs that want it only one can. */
async function isRenamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw diskError(from, error);
  }
}

function partialPrefix(out: string): string {
  return join(dirname(out), `.${basename(out)}.partial-`);
}

const aside = 'left';

function anyName(): string {
  return randomBytes(4).toString('hex');
}

/** Leaves it to the next run that has the same layout. @returns where it lies */
export async function putAside({ folder, stem }: Partial): Promise<string> {
  const path = `${stem}-${aside}-${anyName()}`;
  await onDisk(folder, rename(folder, path));
  return path;
}

export async function removePartial(folder: string): Promise<void> {
  await onDisk(folder, rm(folder, { recursive: true, force: true }));
}

export function partialScript(partial: string): string {
  return `${partial}-install.sh`;
}
