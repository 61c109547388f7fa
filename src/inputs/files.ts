import { readFile } from 'node:fs/promises';
import { AirgapError } from '../report/error.ts';

/**
 * Reads a text file that the user named.
 * @param what the file's role in messages: `the image list`
 * @throws AirgapError usage when there is none; io when it cannot be read
 */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, what, cause);
  }
}

/** A secret as a file or an input has it: one trailing line break, which YAML and shells add, is no part of it. */
export function withoutLastBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}

export function unreadable(path: string, what: string, cause: unknown): AirgapError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const next = 'correct the path, or make the file';
    return new AirgapError('usage', `${what} is not there`, { given: path, next, cause });
  }
  if (code === 'EISDIR') {
    return new AirgapError('usage', `${what} is a folder`, {
      given: path,
      expected: 'a file',
      next: 'correct the path',
      cause,
    });
  }
  return new AirgapError('io', `${what} cannot be read: ${code ?? String(cause)}`, {
    given: path,
    next: 'check who may read it',
    cause,
  });
}
