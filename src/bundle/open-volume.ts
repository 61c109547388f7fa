import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { diskError, onDisk } from '../disk/failures.ts';
import { AirgapError } from '../report/error.ts';
import { partPathOf, Volume, type VolumePart } from './volume.ts';

/**
 * Opens a bundle for reading: the file at `path`; where there is none, its parts `path.001` …; or the parts that the
 * given `NAME.tar.001` belongs to.
 * @throws AirgapError usage when nothing is there, integrity when a part is missing or of the wrong size, io
 */
export async function openVolume(path: string): Promise<Volume> {
  const whole = wholeOf(path);
  if (whole === undefined) {
    const file = await openFile(path);
    if (file) return new Volume(path, await measure([{ file, path }]));
  }
  const numbers = await partNumbers(whole ?? path);
  const isThere =
    whole === undefined || numbers.some((number) => partPathOf(whole, number) === path);
  if (numbers.length === 0 || !isThere) throw notAFile(path, 'nothing there');
  return openParts(whole ?? path, numbers);
}

/** The bundle that a part's name speaks of; undefined for a name that is no part's. */
function wholeOf(path: string): string | undefined {
  return /^(.+\.tar)\.\d{3}$|^(.+)\.001$/.exec(path)?.slice(1).find(Boolean);
}

async function partNumbers(path: string): Promise<number[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  return names.flatMap((name) => partNumber(basename(path), name) ?? []).sort((a, b) => a - b);
}

/** The number of a part by its file's name; undefined when it is no part of that bundle. */
export function partNumber(bundle: string, name: string): number | undefined {
  const number = name.startsWith(`${bundle}.`) ? name.slice(bundle.length + 1) : '';
  return /^(?!000)\d{3}$/.test(number) ? Number(number) : undefined;
}

async function openParts(path: string, numbers: readonly number[]): Promise<Volume> {
  const missing = numbers.findIndex((number, at) => number !== at + 1);
  if (missing >= 0) throw partMissing(partPathOf(path, missing + 1));
  const files: { file: FileHandle; path: string }[] = [];
  try {
    for (const number of numbers) {
      const name = partPathOf(path, number);
      const file = await openFile(name);
      if (file === undefined) throw partMissing(name);
      files.push({ file, path: name });
    }
    const parts = await measure(files);
    requireOneSize(parts);
    return new Volume(path, parts);
  } catch (error) {
    for (const { file } of files) await file.close();
    throw error;
  }
}

/** Undefined when nothing is there. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  // Without O_NONBLOCK a named pipe would wait for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw diskError(path, error);
  });
  const stat = await file?.stat();
  if (file === undefined || stat?.isFile()) return file;
  await file.close();
  throw notAFile(path, stat?.isDirectory() ? 'a folder' : 'neither a file nor a folder');
}

async function measure(files: readonly { file: FileHandle; path: string }[]) {
  const parts: VolumePart[] = [];
  let start = 0;
  for (const { file, path } of files) {
    const { size } = await onDisk(path, file.stat());
    parts.push({ file, path, start, end: start + size });
    start += size;
  }
  return parts;
}

/** All but the last are as large as the first. How many there must be is known when the inventory is. */
function requireOneSize(parts: readonly VolumePart[]): void {
  const sizeOf = ({ start, end }: VolumePart) => end - start;
  const [first] = parts;
  if (first === undefined) return;
  const wrong = parts.find((part, at) =>
    at === parts.length - 1 ? sizeOf(part) > sizeOf(first) : sizeOf(part) !== sizeOf(first),
  );
  if (wrong === undefined) return;
  throw new AirgapError('integrity', 'the parts of the bundle do not fit together', {
    given: `${wrong.path}: ${sizeOf(wrong)} bytes`,
    expected: `${sizeOf(first)} bytes, as ${basename(first.path)}; less in the last part alone`,
    next: 'copy the parts again, and compare them with the .sha256 file; take away parts of other bundles',
  });
}

export function partMissing(path: string): AirgapError {
  return new AirgapError('integrity', 'a part of the bundle is missing', {
    given: `${path}: nothing there`,
    expected: 'all parts of the bundle in one folder',
    next: 'copy that part from where the bundle was made',
  });
}

function notAFile(path: string, found: string): AirgapError {
  return new AirgapError('usage', 'the bundle is not there', {
    given: `${path}: ${found}`,
    expected:
      'the NAME-VERSION.tar that `airgap-bundle create` wrote, or its parts .tar.001 and on',
    next: 'give the path of the bundle; of parts the path without .001',
  });
}
