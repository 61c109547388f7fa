import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dist = join(import.meta.dirname, '..', 'dist');

/** Copies what was built to where no other build comes, until this process ends. @returns path of bundle.js */
export function copyProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), 'airgap-program-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  // By its folder's name it knows that it is built.
  cpSync(dist, join(folder, 'dist'), { recursive: true });
  return join(folder, 'dist', 'bundle.js');
}
