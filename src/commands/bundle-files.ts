import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDisk } from '../disk/failures.ts';
import { digestOf, hexOf } from '../oci/digest.ts';
import type { CreateResult } from './create.ts';

/** A file that `create` wrote; its name is without the folder. */
export interface WrittenFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** The bundle's files with their sums, which `create` has written down, and `install.sh`. @throws AirgapError io */
export async function bundleFiles({
  bundle,
  installScript,
}: Pick<CreateResult, 'bundle' | 'installScript'>): Promise<WrittenFile[]> {
  const sums = `${bundle}.sha256`;
  const lines = (await onDisk(sums, readFile(sums, 'utf8'))).split('\n').filter(Boolean);
  const parts = lines.map((line) => ({ sha256: line.slice(0, 64), name: line.slice(66) }));
  const sized = await Promise.all(
    parts.map(async ({ name, sha256 }) => {
      const path = join(dirname(bundle), name);
      const { size } = await onDisk(path, stat(path));
      return { name, size, sha256 };
    }),
  );
  return [...sized, await hashed(sums), await hashed(installScript)];
}

async function hashed(path: string): Promise<WrittenFile> {
  const bytes = await onDisk(path, readFile(path));
  return { name: basename(path), size: bytes.length, sha256: hexOf(digestOf(bytes)) };
}
