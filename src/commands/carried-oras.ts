import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import { onDisk } from '../disk/failures.ts';
import { hostPlatform } from '../disk/host-platform.ts';
import { carriedPath } from '../install/files.ts';
import { AirgapError } from '../report/error.ts';
import { checkOras, findOras } from '../transfer/find-oras.ts';

/**
 * The oras that a `load` moves with: that of this host where it has a usable one, else the bundle's own.
 * @param scratch a folder that only this user can enter
 * @throws AirgapError tool where neither can be used
 */
export async function orasForLoad(
  bundle: VerifiedBundle,
  scratch: string,
  context: Context,
): Promise<string> {
  try {
    return await findOras(context);
  } catch (error) {
    const path = carriedPath(hostPlatform());
    const isCarried = bundle.inventory.files.some((file) => file.path === path);
    // Who names an oras means that one.
    if (!isTool(error) || !isCarried || context.env.AIRGAP_BUNDLE_ORAS) throw error;
    const why = `${error.message} (${error.given})`;
    context.emit({ kind: 'note', message: `${why}: taking the oras that the bundle carries` });
    return takeOut(bundle, path, scratch, context);
  }
}

function isTool(error: unknown): error is AirgapError {
  return error instanceof AirgapError && error.class === 'tool';
}

async function takeOut(
  bundle: VerifiedBundle,
  path: string,
  scratch: string,
  context: Context,
): Promise<string> {
  const file = join(scratch, path);
  await onDisk(file, mkdir(dirname(file), { recursive: true }));
  await onDisk(file, writeFile(file, await bundle.read(path)));
  await onDisk(file, chmod(file, 0o700));
  try {
    await checkOras(file, context);
  } catch (cause) {
    throw new AirgapError('tool', 'the oras that the bundle carries does not run here', {
      given: file,
      next: 'set TMPDIR to a folder that programs can be run from (not mounted noexec), or put oras on PATH',
      cause,
    });
  }
  return file;
}
