import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../disk/folder.ts';
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';
import { packContent, unpackContent } from './content-pack.ts';

/** Small content (manifests, configs) by digest, so that an unchanged image costs no GET. */
export interface ContentCache {
  /** The bytes of a digest, from the cache or else by `fetch`. */
  get(digest: Digest, fetch: () => Promise<Buffer>): Promise<Buffer>;
  /** Whether no earlier run has left anything. */
  wasEmpty(): Promise<boolean>;
  /** Content of which nobody wants to know whether its registry still has it. */
  atHand?(digest: Digest): Promise<Buffer | undefined>;
}

export interface FolderCache extends ContentCache {
  /** What was got or was kept before, without asking anyone. */
  find(digest: Digest): Buffer | undefined;
  /** Writes down what is new, for the next run. */
  keep(): Promise<void>;
}

/** Larger content is not kept: there is little of it, and all that is kept is held in memory. */
const largest = 256 * 1024;
/** With so many packs in the folder, the next one takes their place. */
const mostPacks = 8;
const ending = '.pack.gz';

/**
 * A folder as cache. What a run adds is one file in it: a file each would take several times the room and time. It is
 * a hint: what it holds is hashed again when it is read, and a folder that cannot be read or written costs requests,
 * never the run.
 */
export function folderCache(folder: string): FolderCache {
  const held = new Map<Digest, Buffer>();
  const fresh = new Map<Digest, Buffer>();
  const awaited = new Map<Digest, Promise<Buffer>>();
  let packs: Promise<string[]> | undefined;
  const read = () => {
    packs ??= readPacks(folder, held);
    return packs;
  };
  const bring = async (digest: Digest, fetch: () => Promise<Buffer>): Promise<Buffer> => {
    const bytes = await fetch();
    if (bytes.length > largest || digestOf(bytes, algorithmOf(digest)) !== digest) return bytes;
    for (const map of [held, fresh]) map.set(digest, bytes);
    return bytes;
  };
  return {
    find: (digest) => held.get(digest),
    async get(digest, fetch) {
      await read();
      const kept = held.get(digest);
      if (kept) return kept;
      // Of another image, whose source may fail where ours does not.
      const running = awaited.get(digest);
      const other = running && (await running.catch(() => undefined));
      if (other) return other;
      const bytes = bring(digest, fetch);
      awaited.set(digest, bytes);
      return bytes.finally(() => awaited.delete(digest));
    },
    wasEmpty: async () => (await read()).length === 0,
    async keep() {
      if (fresh.size === 0) return;
      const old = (await packs) ?? [];
      const replaced = old.length >= mostPacks ? old : [];
      const contents = replaced.length > 0 ? held : fresh;
      await replacePacks(folder, contents, replaced).catch(() => undefined);
      fresh.clear();
    },
  };
}

/** @returns the packs that are there */
async function readPacks(folder: string, held: Map<Digest, Buffer>): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
  for (const path of paths) {
    const contents = await readFile(path)
      .then(unpackContent)
      .catch(() => new Map<Digest, Buffer>());
    for (const [digest, bytes] of contents) held.set(digest, bytes);
  }
  return paths;
}

async function replacePacks(
  folder: string,
  contents: ReadonlyMap<Digest, Buffer>,
  replaced: readonly string[],
): Promise<void> {
  const path = join(folder, `${randomUUID()}${ending}`);
  const partial = `${path}.partial`;
  await makeFolder(folder);
  try {
    await writeFile(partial, await packContent(contents));
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  for (const old of replaced) await rm(old, { force: true });
}

/** A cache that asks somewhere near before it fetches what it does not have. */
export function cacheBefore(
  cache: FolderCache,
  near: (digest: Digest) => Promise<Buffer | undefined>,
): FolderCache {
  return {
    ...cache,
    wasEmpty: async () => false,
    get: (digest, fetch) => cache.get(digest, async () => (await near(digest)) ?? fetch()),
  };
}
