import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { diskError, onDisk } from '../disk/failures.ts';
import { makeFolder } from '../disk/folder.ts';
import { readSite } from '../inputs/site.ts';
import type { InstallFile } from '../install/files.ts';
import type { Digest } from '../oci/digest.ts';
import type { InventoryImage, InventoryTarget } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { atSite, filesAtSite, type SiteMark } from './at-site.ts';
import type { TrustOptions } from './keyring.ts';
import { openChecked } from './verify.ts';

export interface DeriveOptions {
  readonly trust: TrustOptions;
  /** Path of the site file. */
  readonly site: string;
  /** Folder for the files; not there yet, or empty. */
  readonly out: string;
}

export interface DeriveResult {
  readonly name: string;
  readonly version: string;
  readonly inventoryDigest: Digest;
  /** Nothing of what is derived is signed. */
  readonly site: SiteMark;
  readonly target: InventoryTarget;
  readonly images: readonly Pick<InventoryImage, 'source' | 'digest' | 'placements'>[];
  /** Absolute path of the folder. */
  readonly out: string;
  /** Paths in it, as in the bundle. */
  readonly files: readonly string[];
}

/**
 * `derive`: verifies a bundle and writes those of its files that name its target as they are at a site: what install.sh
 * then installs. For this user's eyes alone. Contacts nothing.
 */
export async function runDerive(
  path: string,
  { trust, site: file, out }: DeriveOptions,
  context: Context,
): Promise<DeriveResult> {
  const site = await readSite(file, context);
  const folder = resolve(context.cwd, out);
  await refuseFilled(folder);
  const bundle = await openChecked(path, trust, context);
  try {
    const derived = await atSite(bundle, site, context);
    const files = await filesAtSite(bundle, derived);
    await makeFolder(folder, 0o700);
    for (const one of files) await writeInto(folder, one);
    const { name, version, target, images } = derived.inventory;
    return {
      name,
      version,
      inventoryDigest: bundle.inventoryDigest,
      site: derived.site,
      target,
      images: images
        .filter(({ referrer }) => !referrer)
        .map(({ source, digest, placements }) => ({ source, digest, placements })),
      out: folder,
      files: files.map((one) => one.path),
    };
  } finally {
    await bundle.close();
  }
}

async function refuseFilled(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw diskError(folder, error);
  });
  if (there.length === 0) return;
  throw new AirgapError('usage', 'the folder of --out is not empty', {
    given: folder,
    next: 'name another one: nothing is overwritten',
  });
}

async function writeInto(folder: string, { path, bytes }: InstallFile): Promise<void> {
  const at = join(folder, path);
  await makeFolder(dirname(at), 0o700);
  await onDisk(at, writeFile(at, bytes, { mode: 0o600, flag: 'wx' }));
}
