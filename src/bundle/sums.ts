import type { InventoryFile } from '../plan/inventory.ts';

export const sumsPath = 'SHA256SUMS';

/**
 * `SHA256SUMS` as `sha256sum --check` reads it.
 * @param files every file of the archive but `bundle.json`, `bundle.sig`, the blobs (they are named by their
 *   digest) and `SHA256SUMS` itself
 */
export function sha256Sums(files: readonly Pick<InventoryFile, 'path' | 'sha256'>[]): Buffer {
  return Buffer.from(files.map(({ path, sha256 }) => sumLine(sha256, path)).join(''));
}

export function sumLine(sha256: string, name: string): string {
  return `${sha256}  ${name}\n`;
}
