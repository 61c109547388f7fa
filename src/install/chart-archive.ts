import { gunzipSync } from 'node:zlib';
import { Parser } from 'tar/parse';
import type { ReadEntry } from 'tar/read-entry';

/** The folder that the archive holds, and its files. */
export interface ChartArchive {
  readonly folder: string;
  /** Path below the folder → bytes. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const maxUnpacked = 20 * 1024 * 1024;
const maxEntries = 10_000;

/**
 * Reads a packaged chart in memory, and looks at every entry on the way: one top folder, plain files only, no path
 * that leaves the folder, at most 20 MiB and 10 000 entries.
 * @throws RangeError that says which entry is wrong.
 */
export async function readChartArchive(bytes: Buffer): Promise<ChartArchive> {
  const entries = await readEntries(unzip(bytes));
  const folders = new Set(entries.map((entry) => entry.path[0]));
  const [folder] = folders;
  if (folder === undefined) throw new RangeError('the archive is empty');
  if (folders.size > 1) {
    throw new RangeError(`more than one top folder: ${[...folders].sort().join(', ')}`);
  }
  const files = entries.flatMap(({ path, body }) =>
    body === undefined ? [] : [[path.slice(1).join('/'), Buffer.concat(body)] as const],
  );
  return { folder, files: new Map(files) };
}

/** Unzipped apart from the tar parser, because here the size is bounded before the memory is used. */
function unzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxUnpacked });
  } catch (cause) {
    const tooLarge = (cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    throw new RangeError(tooLarge ? 'larger than 20 MiB when unpacked' : 'not a gzip file', {
      cause,
    });
  }
}

interface Entry {
  /** As it stands in the archive. */
  readonly name: string;
  readonly type: string;
  readonly path: readonly string[];
  /** Of a file. */
  readonly body?: Buffer[];
}

async function readEntries(archive: Buffer): Promise<Entry[]> {
  const entries: Entry[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({ strict: true });
    const take = (entry: ReadEntry) => {
      entries.push(readEntry(entry));
      if (entries.length > maxEntries) parser.abort(new Error('more than 10 000 entries'));
    };
    parser.on('entry', take);
    parser.on('ignoredEntry', take);
    parser.on('error', reject);
    parser.on('end', resolve);
    parser.end(archive);
  }).catch((cause: Error) => {
    throw new RangeError(`not a tar archive that can be used: ${cause.message}`, { cause });
  });
  for (const entry of entries) checkEntry(entry);
  return refuseDuplicates(entries);
}

function readEntry(entry: ReadEntry): Entry {
  const { path: name, type } = entry;
  const path = name.replace(/\/$/, '').split('/');
  const body: Buffer[] = [];
  const isFile = type !== 'Directory';
  if (isFile) entry.on('data', (chunk) => body.push(chunk));
  else entry.resume();
  return isFile ? { name, type, path, body } : { name, type, path };
}

function checkEntry({ name, type, path }: Entry): void {
  const shown = JSON.stringify(name);
  if (path.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
    throw new RangeError(`a path that is not plain: ${shown}`);
  }
  if (type !== 'Directory' && type !== 'File' && type !== 'OldFile') {
    throw new RangeError(`${shown} is no plain file but a ${type}`);
  }
  if (type !== 'Directory' && path.length === 1) {
    throw new RangeError(`${shown} lies outside a folder`);
  }
}

function refuseDuplicates(entries: Entry[]): Entry[] {
  const seen = new Set<string>();
  for (const { path } of entries) {
    const text = path.join('/');
    if (seen.has(text)) throw new RangeError(`${text} is there twice`);
    seen.add(text);
  }
  return entries;
}
