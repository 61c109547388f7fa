import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { algorithmOf, type Digest, digestOf, hexOf } from '../oci/digest.ts';

/** Small content (manifests, configs) by digest, so that an unchanged image costs no GET. */
export interface ContentCache {
  /** The bytes of a digest, from the cache or else by `fetch`. */
  get(digest: Digest, fetch: () => Promise<Buffer>): Promise<Buffer>;
}

/** A folder as cache. It is a hint: what it holds is hashed again whenever it is read. */
export function folderCache(folder: string): ContentCache {
  const ready = mkdir(folder, { recursive: true });
  return {
    async get(digest, fetch) {
      await ready;
      const path = join(folder, `${algorithmOf(digest)}-${hexOf(digest)}`);
      const kept = await readFile(path).catch(() => undefined);
      if (kept && digestOf(kept, algorithmOf(digest)) === digest) return kept;
      const bytes = await fetch();
      await keep(path, bytes);
      return bytes;
    },
  };
}

async function keep(path: string, bytes: Buffer): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  await writeFile(partial, bytes);
  await rename(partial, path);
}
