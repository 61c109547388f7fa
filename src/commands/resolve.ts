import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { readText } from '../inputs/files.ts';
import { parseImageList } from '../inputs/image-list.ts';
import { type ResolveResult, resolveImage } from '../mirror-map/consumers.ts';
import {
  hasDefault,
  ignoredByContainerd,
  libraryWithoutDockerHub,
  v2Targets,
} from '../mirror-map/lint.ts';
import type { MapEntry, MirrorMap } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { parseReference } from '../oci/reference.ts';

export interface ResolveInput {
  readonly mirrorMapText: string;
  /** How the map is called in messages. */
  readonly mirrorMapName: string;
  readonly images: readonly string[];
}

/** Reads the files of `resolve`; the list's images come before those of the command line. */
export async function readResolveInput(
  flags: { mirrorMap: string; imagesFile: string | undefined; images: readonly string[] },
  { cwd }: Context,
): Promise<ResolveInput> {
  const { mirrorMap, imagesFile, images } = flags;
  const mirrorMapText = await readText(resolve(cwd, mirrorMap), 'the mirror map');
  const list = imagesFile ? await readText(resolve(cwd, imagesFile), 'the image list') : '';
  const listed = parseImageList(list, imagesFile ?? '').map(({ image }) => image);
  return { mirrorMapText, mirrorMapName: mirrorMap, images: [...listed, ...images] };
}

/** An answer for each image, in order, duplicates kept. Refuses nothing: what is odd becomes a warning. */
export function runResolve(input: ResolveInput, { emit }: Context): ResolveResult[] {
  const map = parseMirrorMap(input.mirrorMapText);
  for (const message of mapWarnings(map, input.mirrorMapName)) emit({ kind: 'warning', message });
  for (const image of new Set(input.images)) {
    const message = nameWarning(image);
    if (message !== undefined) emit({ kind: 'warning', message });
  }
  return input.images.map((image) => resolveImage(map, image));
}

function mapWarnings(map: MirrorMap, name: string): string[] {
  const at = ({ line, column }: { line: number; column: number }) => `${name}:${line}:${column}`;
  const saying = (message: string) => (entry: MapEntry) => `${at(entry)}: ${entry.key} ${message}`;
  const library = libraryWithoutDockerHub(map);
  return [
    ...map.problems.map((problem) => `${at(problem)}: ${problem.text} ${problem.message}`),
    ...(library ? [saying(withoutRegistry)(library)] : []),
    ...v2Targets(map).map(saying('has /v2/ in its target, of which the webhook makes /v2/v2/')),
    ...ignoredByContainerd(map).map(saying("means nothing to containerd's mirrors")),
    ...(hasDefault(map) ? [] : [`${name}: ${withoutDefault}`]),
  ];
}

const withoutRegistry =
  'has no entry for the registry itself beside it: the webhook refuses every other image of it';
const withoutDefault =
  'there is no "default" key, so the webhook swaps nothing but [EXACT] and [REPLACE]; "default::" is enough';

function nameWarning(image: string): string | undefined {
  try {
    parseReference(image);
    return undefined;
  } catch (cause) {
    if (cause instanceof RangeError) return cause.message;
    throw cause;
  }
}
