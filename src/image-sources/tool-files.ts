import type { FileSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';
import { type Found, foundOf, merged } from './found.ts';
import { readManifest } from './manifest-files.ts';
import { compose, hauler, imagesLock, type Reader, zarf } from './other-tools.ts';
import { readYaml } from './read-yaml.ts';

const readers: Readonly<Record<FileSource['kind'], Reader>> = { compose, hauler, imagesLock, zarf };

/** The images of another tool's file. @throws AirgapError usage for a file that is none of that tool's */
export async function findInToolFile({ kind, path, name, field }: FileSource): Promise<Found> {
  const { documents, errors } = readYaml(await readManifest(path, field), name);
  const { isOne, find, expected, cure } = readers[kind];
  const file = path === '-' ? undefined : path;
  const ours = documents.map(({ root }) => root).filter(isOne);
  if (ours.length === 0 && errors.length === 0) {
    throw new AirgapError('usage', `${field} names another kind of file`, {
      given: name,
      expected,
    });
  }
  return merged([
    { images: [], errors },
    ...ours.map((root) => foundOf(find(root), name, { cure, file })),
  ]);
}
