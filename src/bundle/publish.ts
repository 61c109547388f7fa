import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDisk } from '../disk/failures.ts';
import { partNumber } from './open-volume.ts';
import { partialScript } from './partial.ts';
import { sumLine } from './sums.ts';
import { partPathOf } from './volume.ts';

/** A bundle that is complete and on the disk under its hidden name. */
export interface Finished {
  readonly partial: string;
  /** The final path; that of parts is `out.001` and on. */
  readonly out: string;
  /** How many parts there are; 0: it is one file. */
  readonly parts: number;
  /** Hex, of the one file or of each part. */
  readonly sums: readonly string[];
  readonly script: Buffer;
}

/**
 * Puts the files in place. The old checksum goes first, so that at no moment one lies beside a bundle that is not
 * its own.
 * @returns the path of install.sh
 */
export async function publish({ partial, out, parts, sums, script }: Finished): Promise<string> {
  const sumsFile = `${out}.sha256`;
  const installer = join(dirname(out), 'install.sh');
  await onDisk(installer, writeFile(partialScript(partial), script, { mode: 0o755, flush: true }));
  await onDisk(sumsFile, rm(sumsFile, { force: true }));
  if (parts === 0) await publishWhole(partial, out);
  else await publishParts(partial, out, parts);
  await onDisk(sumsFile, writeFile(sumsFile, sumLines(out, parts, sums), { flush: true }));
  await onDisk(installer, rename(partialScript(partial), installer));
  const folder = await onDisk(dirname(out), open(dirname(out)));
  await onDisk(dirname(out), folder.sync()).finally(() => folder.close());
  return installer;
}

function sumLines(out: string, parts: number, sums: readonly string[]): string {
  const name = (at: number) => basename(parts === 0 ? out : partPathOf(out, at + 1));
  return sums.map((sum, at) => sumLine(sum, name(at))).join('');
}

/** The whole file counts where both lie there, so the parts of an older one can go after it came. */
async function publishWhole(partial: string, out: string): Promise<void> {
  await onDisk(out, rename(partial, out));
  for (const path of await partsAt(out)) await onDisk(path, rm(path));
}

/**
 * No part stands beside one of another bundle: the old ones step aside, the first of them first, and the first
 * new one comes last, as without it there is no bundle. An old whole file counts until all are there.
 */
async function publishParts(partial: string, out: string, parts: number): Promise<void> {
  const moved: { from: string; to: string }[] = [];
  const move = async (from: string, to: string) => {
    await onDisk(to, rename(from, to));
    moved.push({ from, to });
  };
  const old = await partsAt(out);
  try {
    for (const path of old) await move(path, asideOf(path, partial));
    for (let number = parts; number > 0; number--)
      await move(partPathOf(partial, number), partPathOf(out, number));
  } catch (error) {
    for (const { from, to } of moved.reverse()) await rename(to, from);
    throw error;
  }
  await onDisk(out, rm(out, { force: true }));
  for (const path of old) await onDisk(path, rm(asideOf(path, partial)));
}

/** Begins as the partial does, so that it is cleared away with it. */
function asideOf(path: string, partial: string): string {
  return `${partial}-old-${basename(path)}`;
}

/** The parts of a bundle that lie there, from the first on. */
async function partsAt(out: string): Promise<string[]> {
  const there = await onDisk(dirname(out), readdir(dirname(out), { withFileTypes: true }));
  const names = there.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const parts = names.filter((name) => partNumber(basename(out), name) !== undefined);
  return parts.sort().map((name) => join(dirname(out), name));
}
