import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fnmatch } from '../../mirror-map/fnmatch.ts';
import { PythonError } from '../../mirror-map/python.ts';
import { placesOf, readToml } from './files.ts';
import { fileForm, misfits, type NodeFile, type Registry, registryForm } from './form.ts';
import { shown } from './words.ts';

/** A config.toml with what it imports, as containerd puts them together. */
export interface NodeConfig {
  /** Absent in a file is 1. */
  readonly version: number;
  /** Every file that was read, the first one first. */
  readonly files: readonly string[];
  /** Imports that are not on this machine, as written. */
  readonly missing: readonly string[];
  readonly disabled: readonly string[];
  /** The CRI plugin's, by the name that the version has for it; empty where there is none. */
  readonly registry: Registry;
  /** The plugin's whole table. */
  readonly plugin: Readonly<Record<string, unknown>>;
  /** Names that the file has a registry under, though its version calls the plugin otherwise. */
  readonly otherNames: readonly string[];
}

/** The CRI plugin's names, from the oldest on. */
export const pluginNames = ['cri', 'io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images'];

/**
 * @returns the configuration, or in words what of it has another form than containerd takes
 * @throws AirgapError usage for a file that is not TOML, or not there
 */
export async function readNodeConfig(path: string): Promise<NodeConfig | { misfit: string }> {
  const read: { path: string; file: NodeFile }[] = [];
  const missing: string[] = [];
  const pending = [path];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const at = next;
    if (read.some((one) => one.path === at)) continue;
    const parsed = fileForm.safeParse(await readToml(at));
    if (!parsed.success) return { misfit: `${at}: ${misfits(parsed.error)}` };
    read.push({ path: at, file: parsed.data });
    for (const named of parsed.data.imports ?? []) {
      const found = await importsAt(resolve(dirname(at), named), dirname(path));
      if (found.length === 0 && !named.includes('*')) missing.push(shown(named));
      pending.push(...found);
    }
  }
  const files = read.map(({ file }) => file);
  const version = Math.max(1, ...files.map((file) => file.version ?? 1));
  return withRegistry(files, version, { files: read.map((one) => one.path), missing });
}

function withRegistry(
  files: readonly NodeFile[],
  version: number,
  { files: paths, missing }: Pick<NodeConfig, 'files' | 'missing'>,
): NodeConfig | { misfit: string } {
  const rightName = pluginNames[Math.min(version, 3) - 1] ?? '';
  const plugins = mergePlugins(files, version);
  const otherNames = pluginNames.filter(
    (name) => name !== rightName && plugins.get(name)?.registry !== undefined,
  );
  // containerd 2.4 takes the older name in a newer file too.
  const older = version > 2 ? plugins.get(pluginNames[1] ?? '')?.registry : undefined;
  const written = plugins.get(rightName)?.registry ?? older ?? {};
  const parsed = registryForm.safeParse(written);
  if (!parsed.success) {
    const where = ['plugins', JSON.stringify(rightName), 'registry'];
    return { misfit: `${paths[0]}: ${misfits(parsed.error, where)}` };
  }
  const disabled = files.flatMap((file) => file.disabled_plugins ?? []);
  const plugin = plugins.get(rightName) ?? {};
  return { version, files: paths, missing, disabled, registry: parsed.data, plugin, otherNames };
}

type Table = Record<string, unknown>;

/** What is imported wins: up to version 2 a plugin's table as a whole, from then on value by value. */
function mergePlugins(files: readonly NodeFile[], version: number): ReadonlyMap<string, Table> {
  const merged = new Map<string, Table>();
  for (const { plugins = {} } of files)
    for (const [name, table] of Object.entries(plugins))
      merged.set(name, version > 2 ? mergeTables(merged.get(name) ?? {}, table) : table);
  return merged;
}

/** Deeper than anything that is looked at, nothing is merged: a file may go on without an end. */
const deepest = 8;

function mergeTables(base: Table, more: Table, depth = 0): Table {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(more)) {
    const own = merged.get(key);
    merged.set(
      key,
      depth < deepest && isTable(own) && isTable(value)
        ? mergeTables(own, value, depth + 1)
        : value,
    );
  }
  return Object.fromEntries(merged);
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** The files that an import means, sorted; those beside a copy first, else those at the named place. */
async function importsAt(path: string, folder: string): Promise<string[]> {
  for (const place of placesOf(path, folder)) {
    const found = place.includes('*') ? await matching(place) : await existing([place]);
    if (found.length > 0) return found;
  }
  return [];
}

async function matching(pattern: string): Promise<string[]> {
  let folders = ['/'];
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    const inEach = folders.map(async (folder) => {
      const names = /[*?[]/.test(part) ? await namesIn(folder, part) : [part];
      return existing(names.map((name) => join(folder, name)));
    });
    folders = (await Promise.all(inEach)).flat();
  }
  return folders;
}

async function namesIn(folder: string, pattern: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const matches = fnmatch(pattern);
  try {
    return names.filter((name) => matches(name)).sort();
  } catch (error) {
    // A range that runs backwards, which for Go means no name at all.
    if (error instanceof PythonError) return [];
    throw error;
  }
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, i) => there[i]);
}
