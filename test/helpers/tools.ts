import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';

const pinned = resolve(import.meta.dirname, '../../.tools/bin');

/**
 * Absolute path of an outside tool: the pinned one of `.tools/bin`, else the first on PATH.
 * A test without its tool fails here; it is never skipped.
 */
export function toolPath(name: string): string {
  const folders = [pinned, ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.map((folder) => resolve(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`${name} is missing: run \`node scripts/setup.mjs ${name}\` (npm test does)`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
