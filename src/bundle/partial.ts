import type { Stats } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../context.ts';
import { onDisk } from '../disk/failures.ts';
import { isInUse, type Locked } from '../disk/lock.ts';
import { AirgapError } from '../report/error.ts';
import { formatBytes } from '../report/units.ts';
import { settle } from './unfinished-publication.ts';

/** The hidden folder beside `out` in which a run writes. Whoever opens it holds the lock of `out`. */
export interface Partial {
  readonly folder: string;
  /** Of the bundle in it. */
  readonly path: string;
  /** It is what an earlier run has left, with the same layout. */
  readonly isTaken: boolean;
}

/** Held by the one run that writes `out`. */
export function lockOf(out: string): Locked {
  return { path: join(dirname(out), `.${basename(out)}.lock`), what: `the bundle ${out}` };
}

/**
 * Brings to an end what a killed run was publishing, takes what it left of the same layout, clears what it left of
 * others, and asks for the room before a byte is fetched.
 * @param layout names where each byte of the bundle lies, hex
 * @param size of the bundle, bytes
 */
export async function openPartial(
  out: string,
  layout: string,
  size: number,
  { emit }: Pick<Context, 'emit'>,
): Promise<Partial> {
  const home = dirname(out);
  const folder = `${partialPrefix(out)}${layout}`;
  const names = await onDisk(home, readdir(home));
  const left = names.map((name) => join(home, name)).filter(startsWith(partialPrefix(out)));
  for (const path of left) await settle(join(path, basename(out)), out);
  for (const path of left.filter((path) => path !== folder)) {
    emit({ kind: 'note', message: `${path} is of another input or split size: it is removed` });
    await removePartial(path);
  }
  await tellOfOthers(names, out, emit);
  const isTaken = left.includes(folder);
  await requireRoom(home, size - (isTaken ? await allocated(folder) : 0));
  if (!isTaken) await onDisk(folder, mkdir(folder));
  return { folder, path: join(folder, basename(out)), isTaken };
}

const startsWith = (prefix: string) => (path: string) => path.startsWith(prefix);

/** Of another bundle a killed run may yet be gone on with: nobody but the people know. */
async function tellOfOthers(
  names: readonly string[],
  out: string,
  emit: Context['emit'],
): Promise<void> {
  for (const name of names) {
    const [, bundle] = /^\.(.+)\.partial-[0-9a-f]{12}$/.exec(name) ?? [];
    if (bundle === undefined || bundle === basename(out)) continue;
    if (await isInUse(lockOf(join(dirname(out), bundle)).path)) continue;
    const folder = join(dirname(out), name);
    const size = formatBytes(await allocated(folder));
    const message = `a run that did not end has left ${size} of ${bundle} in ${folder}`;
    emit({ kind: 'note', message: `${message}: making it again goes on; else delete that folder` });
  }
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

async function allocated(folder: string): Promise<number> {
  return (await statsIn(folder)).reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

/** Of a file or folder, and of what is in it. */
async function statsIn(path: string): Promise<Stats[]> {
  const names = await readdir(path).catch(() => []);
  const paths = [path, ...names.map((name) => join(path, name))];
  const stats = await Promise.all(paths.map((one) => stat(one).catch(() => undefined)));
  return stats.filter((one) => one !== undefined);
}

function partialPrefix(out: string): string {
  return join(dirname(out), `.${basename(out)}.partial-`);
}

export async function removePartial(folder: string): Promise<void> {
  await onDisk(folder, rm(folder, { recursive: true, force: true }));
}
