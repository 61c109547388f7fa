import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { algorithmOf, type Digest, digestOf, hexOf } from '../oci/digest.ts';

/** Small content (manifests, configs) by digest, so that an unchanged image costs no GET. */
export interface ContentCache {
  /** The bytes of a digest, from the cache or else by `fetch`. */
  get(digest: Digest, fetch: () => Promise<Buffer>): Promise<Buffer>;
}

/**
 * A folder as cache. It is a hint: what it holds is hashed again whenever it is read, and a folder that cannot be
 * read or written costs requests, never the run.
 */
export function folderCache(folder: string): ContentCache {
  return {
    async get(digest, fetch) {
      const path = join(folder, `${algorithmOf(digest)}-${hexOf(digest)}`);
      const kept = await readFile(path).catch(() => undefined);
      if (kept && digestOf(kept, algorithmOf(digest)) === digest) return kept;
      const bytes = await fetch();
      await keep(folder, path, bytes).catch(() => {});
      return bytes;
    },
  };
}

/** A cache that asks somewhere near before it fetches what it does not have. */
export function cacheBefore(
  cache: ContentCache,
  near: (digest: Digest) => Promise<Buffer | undefined>,
): ContentCache {
  return {
    get: (digest, fetch) => cache.get(digest, async () => (await near(digest)) ?? fetch()),
  };
}

async function keep(folder: string, path: string, bytes: Buffer): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(partial, bytes);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
