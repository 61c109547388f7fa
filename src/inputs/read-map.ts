import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { printAsList } from '../mirror-map/print.ts';
import { AirgapError, Failures, type Place } from '../report/error.ts';
import { readText } from './files.ts';
import type { BundleDocument } from './schema.ts';
import type { TargetSpec } from './spec.ts';

type Written = NonNullable<BundleDocument['ociImageRegistry']>['mirrorRegistries'];

/**
 * The mirror map in each of its forms: text, a list of entries, or a file.
 * @param written where the field stands, unless a flag or variable gave it
 * @returns with the map, the string that Secret and values carry: as written, entries joined by commas
 * @throws Failures naming every entry that the webhook would ignore
 */
export async function readMap(
  value: Written,
  folder: string,
  context: Context,
  written?: Place,
): Promise<ReadMap> {
  const field = 'ociImageRegistry.mirrorRegistries';
  if (typeof value === 'string') {
    return checkMap(value, value, inText(field), written, context);
  }
  if (Array.isArray(value)) {
    const at: PlaceInMap = ({ line, column }) => `${field}[${line - 1}]:1:${column}`;
    return checkMap(value.join(','), value.join('\n'), at, written, context);
  }
  const path = resolve(folder, value.file);
  const text = await readText(path, `${field}.file: the mirror map`);
  return checkMap(printAsList(text), text, inText(path), { file: path }, context);
}

type ReadMap = Pick<TargetSpec, 'mirrorRegistries' | 'mirrorMap' | 'mapPlace'>;

/** Words for where an entry stands. */
type PlaceInMap = (entry: { line: number; column: number }) => string;

function inText(name: string): PlaceInMap {
  return ({ line, column }) => `${name}:${line}:${column}`;
}

/** Refuses what the webhook would ignore in silence; a deprecated spelling is a warning. */
function checkMap(
  mirrorRegistries: string,
  text: string,
  placeOf: PlaceInMap,
  mapPlace: Place | undefined,
  { emit }: Context,
): ReadMap {
  const mirrorMap = parseMirrorMap(text);
  const errors: AirgapError[] = [];
  for (const problem of mirrorMap.problems) {
    const message = `${placeOf(problem)}: ${problem.text} ${problem.message}`;
    const { line, column } = problem;
    const place = mapPlace && { ...mapPlace, line, column };
    if (problem.severity === 'warning') emit({ kind: 'warning', message, place });
    else errors.push(new AirgapError('usage', message, { expected: 'source::target', place }));
  }
  if (errors.length > 0)
    throw new Failures('the mirror map has entries that the webhook would ignore', errors);
  if (mirrorMap.entries.length > 0) {
    return { mirrorRegistries, mirrorMap, ...(mapPlace ? { mapPlace } : {}) };
  }
  throw new AirgapError('usage', 'the mirror map is empty', {
    given: placeOf({ line: 1, column: 1 }),
    expected: 'source::target,…',
    next: 'map each source registry to where its images are to lie: docker.io::ENDPOINT/PATH/docker.io',
    place: mapPlace,
  });
}
