import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unreadable } from '../inputs/files.ts';
import { readChartArchive } from '../install/chart-archive.ts';
import { textAt } from './node.ts';
import { readYaml, type YamlDocument } from './read-yaml.ts';

/** What a chart says of itself. */
export interface About {
  /** Path of its Chart.yaml from the top: `redis/charts/common/Chart.yaml`. */
  readonly path: string;
  readonly document: YamlDocument;
  readonly name: string;
  readonly version: string;
}

/**
 * Every Chart.yaml of a chart, its own first, then those of the charts in it.
 * @param path of a folder or an archive
 * @param field of bundle.yaml, for messages
 * @throws AirgapError when it cannot be read; RangeError for an archive that no chart is
 */
export async function readAbouts(path: string, field: string): Promise<About[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, field, cause);
  });
  const files = found.isDirectory()
    ? await filesOfFolder(path, basename(path))
    : await filesOfArchive(await readFile(path), '');
  return [...files].flatMap(([name, bytes]) => aboutsIn(name, bytes));
}

function aboutsIn(path: string, bytes: Buffer): About[] {
  const [document] = readYaml(bytes.toString('utf8'), path).documents;
  const name = textAt(document?.root, 'name');
  if (!document || name === undefined) return [];
  return [{ path, document, name, version: textAt(document.root, 'version') ?? '' }];
}

type Files = Map<string, Buffer>;

const isAbout = (path: string) => /(?:^|\/)Chart\.yaml$/.test(path);

async function filesOfFolder(folder: string, name: string): Promise<Files> {
  const files: Files = new Map();
  const about = await readFile(join(folder, 'Chart.yaml')).catch(() => undefined);
  if (about) files.set(`${name}/Chart.yaml`, about);
  const entries = await readdir(join(folder, 'charts'), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(folder, 'charts', entry.name);
    const found = entry.isDirectory()
      ? await filesOfFolder(inner, `${name}/charts/${entry.name}`)
      : entry.name.endsWith('.tgz')
        ? await filesOfArchive(await readFile(inner), `${name}/charts/`)
        : [];
    for (const [path, bytes] of found) files.set(path, bytes);
  }
  return files;
}

/** Archives may lie in archives. */
async function filesOfArchive(bytes: Buffer, before: string): Promise<Files> {
  const { folder, files } = await readChartArchive(bytes);
  const found: Files = new Map();
  for (const [path, content] of files) {
    const at = `${before}${folder}/${path}`;
    if (isAbout(path) && /^(?:charts\/[^/]+\/)*Chart\.yaml$/.test(path)) found.set(at, content);
    if (!/^(?:charts\/[^/]+\/)*charts\/[^/]+\.tgz$/.test(path)) continue;
    const inner = await filesOfArchive(content, at.slice(0, at.lastIndexOf('/') + 1));
    for (const [name, one] of inner) found.set(name, one);
  }
  return found;
}
