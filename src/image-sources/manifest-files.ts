import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText, unreadable } from '../inputs/files.ts';
import { AirgapError } from '../report/error.ts';

/** A file to look through. */
export interface ManifestFile {
  readonly path: string;
  /** Its path as the user would write it. */
  readonly name: string;
}

/**
 * The file, or the YAML and JSON files of a folder and the folders in it, in order of their names; hidden ones are
 * passed over.
 * @param field of bundle.yaml, for messages
 * @throws AirgapError usage for nothing there, a chart, or a folder without any
 */
export async function manifestFiles(root: ManifestFile, field: string): Promise<ManifestFile[]> {
  const found = await stat(root.path).catch((cause: unknown) => {
    throw unreadable(root.path, field, cause);
  });
  if (!found.isDirectory()) return [root];
  const files = await filesIn(root, field);
  if (files.some(({ path }) => path === join(root.path, 'Chart.yaml'))) throw isChart(root, field);
  const manifests = files.filter(({ path }) => /\.(?:ya?ml|json)$/i.test(path));
  if (manifests.length === 0) throw withoutManifests(root, field);
  return manifests;
}

/** A folder whose images kustomize may change: what it makes is to be read, not what it is made of. */
export function isKustomization(path: string): boolean {
  return /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/.test(path);
}

async function filesIn({ path, name }: ManifestFile, field: string): Promise<ManifestFile[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(path, field, cause);
  });
  const files: ManifestFile[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const inner = { path: join(path, entry.name), name: join(name, entry.name) };
    if (entry.isDirectory()) files.push(...(await filesIn(inner, field)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(inner.path))))
      files.push(inner);
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A file's text, or that of standard input for `-`. */
export async function readManifest(path: string, field: string): Promise<string> {
  return path === '-' ? readStandardInput() : readText(path, field);
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream('', { fd: 0, autoClose: false })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function isChart({ name }: ManifestFile, field: string): AirgapError {
  return new AirgapError('usage', `${field} is a Helm chart`, {
    given: name,
    expected: 'manifests, or what `kubectl kustomize` prints',
    next: `write {chart: ${name}}`,
  });
}

function withoutManifests({ name }: ManifestFile, field: string): AirgapError {
  return new AirgapError('usage', `${field} has no manifests`, {
    given: name,
    expected: 'files .yaml, .yml or .json',
  });
}
