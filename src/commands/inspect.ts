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
  return readUnverified(resolve(context.cwd, path), keys);
}
