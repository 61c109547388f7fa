import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

export interface SmallDisk {
  unmount(): Promise<void>;
}

/** Mounts a disk of so many MiB at a path; it fails where that is not allowed, so that no test passes unseen. */
export async function mountSmallDisk(path: string, size: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await asRoot('mount', '-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', path);
  return { unmount: () => asRoot('umount', path) };
}

async function asRoot(...words: string[]): Promise<void> {
  const [command = '', ...rest] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words];
  await execa(command, rest);
}
