import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

export interface SmallDisk {
  /** @param options `ro`: nothing can be written from then on. */
  remount(options: string): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts a disk of so many MiB at a path; it fails where that is not allowed, so that no test passes unseen. */
export async function mountSmallDisk(path: string, size: number): Promise<SmallDisk> {
  return mountDisk(path, `size=${size}m`);
}

/** @param options of mount, such as `noexec` */
export async function mountDisk(path: string, options: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await asRoot('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path);
  return {
    remount: (options) => asRoot('mount', '-o', `remount,${options}`, path),
    unmount: () => asRoot('umount', path),
  };
}

async function asRoot(...words: string[]): Promise<void> {
  const [command = '', ...rest] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words];
  await execa(command, rest);
}
