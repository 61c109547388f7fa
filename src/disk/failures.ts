import { constants } from 'node:os';
import { AirgapError, failuresIn } from '../report/error.ts';

/** Waits for work on a file; what the operating system refuses is an `io` failure that names the path. */
export async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw diskError(path, cause);
  }
}

export function diskError(path: string, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === undefined) return cause;
  return new AirgapError('io', wording[code] ?? 'the file cannot be read or written', {
    given: `${path}: ${code}`,
    next: cures[code] ?? 'look at that path, or give another one',
    cause,
  });
}

/** Node has no name for a quota that is used up. */
function codeOf(cause: unknown): string | undefined {
  const { code, errno } = (cause ?? {}) as NodeJS.ErrnoException;
  return errno !== undefined && -errno === constants.errno.EDQUOT ? 'EDQUOT' : code;
}

const wording: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

const cures: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space, or write to another folder',
  EDQUOT: 'free some space, or write to another folder',
  EROFS: 'write to another folder',
  EACCES: 'give yourself the right to that folder, or take another one',
  EPERM: 'give yourself the right to that folder, or take another one',
  EEXIST: 'give a folder: a file has that name',
  ENOTDIR: 'give a folder: a part of that path is a file',
};

/** Whether one of the failures is that a disk or a quota has no room left. */
export function isDiskFull(error: unknown): boolean {
  const codes = failuresIn(error).map(({ cause }) => codeOf(cause));
  return codes.some((code) => code === 'ENOSPC' || code === 'EDQUOT');
}
