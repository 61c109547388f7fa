import { rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDisk } from '../disk/failures.ts';
import { syncFolder } from '../disk/folder.ts';
import { sumLine } from './sums.ts';
import {
  asideOf,
  complete,
  moveAll,
  partsAt,
  scriptIn,
  settle,
  sumsIn,
} from './unfinished-publication.ts';
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
 * Puts the files in place. The old checksum goes first and the new one comes after the bundle, so that at no moment
 * one lies beside a bundle that is not its own. Whatever fails, or kills the run, leaves the older bundle or the new
 * one, or what `settle` makes one of.
 * @returns the path of install.sh
 */
export async function publish(finished: Finished): Promise<string> {
  const { partial, out, script } = finished;
  const sums = sumsIn(partial);
  await onDisk(sums, writeFile(sums, sumLines(finished), { flush: true }));
  const installer = scriptIn(partial);
  await onDisk(installer, writeFile(installer, script, { mode: 0o755, flush: true }));
  await syncFolder(dirname(partial));
  try {
    await moveFiles(finished);
  } catch (error) {
    await settle(partial, out).catch(() => undefined);
    throw error;
  }
  await complete(partial, out);
  return join(dirname(out), 'install.sh');
}

function sumLines({ out, parts, sums }: Finished): string {
  const name = (at: number) => basename(parts === 0 ? out : partPathOf(out, at + 1));
  return sums.map((sum, at) => sumLine(sum, name(at))).join('');
}

/**
 * One file takes the place of another at once. Of parts none stands beside one of another bundle: the old ones step
 * aside, the first of them first, and the first new one comes last, as without it there is no bundle.
 */
async function moveFiles({ partial, out, parts }: Finished): Promise<void> {
  const sums = `${out}.sha256`;
  await moveAll([[sums, asideOf(sums, partial)]]);
  await syncFolder(dirname(out));
  if (parts === 0) return onDisk(out, rename(partial, out));
  for (const path of await partsAt(out)) await onDisk(path, rename(path, asideOf(path, partial)));
  for (let number = parts; number > 0; number--) {
    const place = partPathOf(out, number);
    await onDisk(place, rename(partPathOf(partial, number), place));
  }
}
