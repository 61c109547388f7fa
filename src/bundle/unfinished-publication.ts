import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDisk } from '../disk/failures.ts';
import { syncFolder } from '../disk/folder.ts';
import { partNumber } from './open-volume.ts';

// A publication moves several files, and a run can be killed after each. What it is about to move lies in the hidden
// folder: the script comes there last and leaves last, and while it is there, the others tell how far it came.

/** The next install.sh. @param partial path of the bundle in the hidden folder */
export function scriptIn(partial: string): string {
  return `${partial}-install.sh`;
}

/** The next `NAME.tar.sha256`, which names the files of the bundle. */
export function sumsIn(partial: string): string {
  return `${partial}-sha256`;
}

/** Where a file of an older bundle steps aside to. */
export function asideOf(path: string, partial: string): string {
  return `${olderIn(partial)}${basename(path)}`;
}

const olderIn = (partial: string): string => `${partial}-old-`;

/** Whether a publication was begun and did not come to its end. */
export async function isUnsettled(partial: string): Promise<boolean> {
  return (await filesIn(dirname(partial))).includes(scriptIn(partial));
}

/**
 * Ends a publication that was broken off: when every file of the bundle is in its place, the rest follows; otherwise
 * those that are go back, and those of the older bundle return.
 * @throws AirgapError io, after all that could be moved was
 */
export async function settle(partial: string, out: string): Promise<void> {
  if (!(await isUnsettled(partial))) return;
  const there = await filesIn(dirname(partial));
  const files = there.includes(sumsIn(partial)) ? await filesOf(partial) : [];
  const moved = files.filter((path) => !there.includes(path));
  if (moved.length === files.length) return complete(partial, out);
  const older = there.filter((path) => path.startsWith(olderIn(partial))).sort();
  const back = moved.map((path): Move => [join(dirname(out), basename(path)), path]);
  const returns = firstPartLast(older).map((path): Move => [path, placeOf(path, partial, out)]);
  await moveAll([...back, ...returns]);
  await syncFolder(dirname(out));
  for (const path of [scriptIn(partial), sumsIn(partial)]) await onDisk(path, rm(path));
}

/** Brings to its end a publication whose files are all in their place. */
export async function complete(partial: string, out: string): Promise<void> {
  const home = dirname(out);
  await syncFolder(home);
  for (const path of await supersededAt(partial, out))
    await onDisk(path, rm(path, { force: true }));
  await moveAll([
    [sumsIn(partial), `${out}.sha256`],
    [scriptIn(partial), join(home, 'install.sh')],
  ]);
  await syncFolder(home);
}

/** One file counts where parts lie beside it, so an older one goes after the parts came, and older parts after it came. */
async function supersededAt(partial: string, out: string): Promise<string[]> {
  const names = (await filesOf(partial).catch(() => [])).map((path) => basename(path));
  if (names.length === 0) return [];
  return names.includes(basename(out)) ? partsAt(out) : [out];
}

/** The parts of a bundle that lie there, from the first on. */
export async function partsAt(out: string): Promise<string[]> {
  const there = await onDisk(dirname(out), readdir(dirname(out), { withFileTypes: true }));
  const names = there.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const parts = names.filter((name) => partNumber(basename(out), name) !== undefined);
  return parts.sort().map((name) => join(dirname(out), name));
}

/** Without the first part there is no bundle, and its checksum belongs to a whole one: they come last. */
function firstPartLast(paths: readonly string[]): string[] {
  const isSum = (path: string) => path.endsWith('.sha256');
  return [...paths.filter((path) => !isSum(path)).reverse(), ...paths.filter(isSum)];
}

function placeOf(aside: string, partial: string, out: string): string {
  return join(dirname(out), aside.slice(olderIn(partial).length));
}

/** In the hidden folder, from the first part on: what the checksums speak of. */
async function filesOf(partial: string): Promise<string[]> {
  const text = await onDisk(sumsIn(partial), readFile(sumsIn(partial), 'utf8'));
  const names = [...text.matchAll(/^[0-9a-f]{64} {2}(.+)$/gm)].map(([, name = '']) => name);
  return names.map((name) => join(dirname(partial), name));
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name));
}

export type Move = readonly [from: string, to: string];

/** All that can be moved is, even when one cannot; what is not there needs no move. @throws AirgapError io */
export async function moveAll(moves: readonly Move[]): Promise<void> {
  const failures: unknown[] = [];
  for (const [from, to] of moves) {
    await onDisk(to, rename(from, to)).catch((error: Error) => {
      const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
      if (code !== 'ENOENT') failures.push(error);
    });
  }
  if (failures.length > 0) throw failures[0];
}
