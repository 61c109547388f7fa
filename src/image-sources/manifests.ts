import { isatty } from 'node:tty';
import type { Context } from '../context.ts';
import type { ManifestSource } from '../inputs/image-source.ts';
import { type Found, foundInText, merged } from './found.ts';
import { isKustomization, manifestFiles, readManifest } from './manifest-files.ts';

/** The images of manifests: of a file, of a folder's files, or of standard input. */
export async function findInManifests(
  { path, name, field }: ManifestSource,
  { emit }: Context,
): Promise<Found> {
  if (path === '-') {
    if (isatty(0)) emit({ kind: 'note', message: `${field} awaits manifests on standard input` });
    return foundInText(await readManifest(path, field), 'standard input');
  }
  const files = await manifestFiles({ path, name }, field);
  const found: Found[] = [];
  for (const file of files) {
    if (isKustomization(file.path)) {
      emit({
        kind: 'warning',
        message: `${file.name} is not applied: the manifests beside it are read as they are`,
        cure: `run \`kubectl kustomize\` on its folder, and name the file that it gives`,
      });
      continue;
    }
    found.push(foundInText(await readManifest(file.path, field), file.name, file.path));
  }
  return merged(found);
}
