import { statfs } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { onDisk } from '../disk/failures.ts';
import { totalSize } from '../oci/descriptor.ts';
import type { Inventory } from '../plan/inventory.ts';
import { formatBytes } from '../report/units.ts';

/** Warns where the folder that `create` writes into, unless it is told another, has no room for the bundle. */
export async function tellSmallDisk(
  { blobs }: Pick<Inventory, 'blobs'>,
  { cwd, emit }: Pick<Context, 'cwd' | 'emit'>,
): Promise<void> {
  const { bavail, bsize } = await onDisk(cwd, statfs(cwd));
  const [wanted, free] = [totalSize(blobs), bavail * bsize];
  if (wanted <= free) return;
  emit({
    kind: 'warning',
    message: `a bundle of this takes ${formatBytes(wanted)}, and ${formatBytes(free)} are free in ${cwd}`,
    cure: 'make room, or give create a folder on another disk by -o; mirror needs no room',
  });
}
