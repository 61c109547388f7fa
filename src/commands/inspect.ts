import { resolve } from 'node:path';
import { loadPublicKey } from '../bundle/keys.ts';
import { readUnverified, type UnverifiedBundle } from '../bundle/verify.ts';
import type { Context } from '../context.ts';

/** `inspect`: what a bundle says of itself, and which of the given keys signed that. Its bodies are not checked. */
export async function runInspect(
  path: string,
  keyFiles: readonly string[],
  context: Context,
): Promise<UnverifiedBundle> {
  const keys = await Promise.all(keyFiles.map((file) => loadPublicKey(resolve(context.cwd, file))));
  const bundle = await readUnverified(resolve(context.cwd, path), keys);
  if (bundle.size !== bundle.sizeByInventory) warnOfSize(bundle, context);
  return bundle;
}

function warnOfSize({ size, sizeByInventory }: UnverifiedBundle, { emit }: Context): void {
  emit({
    kind: 'warning',
    message: `the bundle is not complete as it lies here: ${size} bytes, by its inventory ${sizeByInventory}`,
    cure: 'copy it again, all its parts included; verify says what is wrong',
  });
}
