import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { printAsList } from '../mirror-map/print.ts';
import { AirgapError, Failures } from '../report/error.ts';
import { readText } from './files.ts';
import type { BundleDocument } from './schema.ts';

type Written = NonNullable<BundleDocument['ociImageRegistry']>['mirrorRegistries'];

/**
 * The mirror map in each of its forms: text, a list of entries, or a file.
 * @returns with the map, the string that Secret and values carry: as written, entries joined by commas
 * @throws Failures naming every entry that the webhook would ignore
 */
export async function readMap(
  value: Written,
  folder: string,
  context: Context,
): Promise<{ mirrorRegistries: string; mirrorMap: MirrorMap }> {
  const field = 'ociImageRegistry.mirrorRegistries';
  if (typeof value === 'string') return checkMap(value, value, inText(field), context);
  if (Array.isArray(value)) {
    const at: PlaceInMap = ({ line, column }) => `${field}[${line - 1}]:1:${column}`;
    return checkMap(value.join(','), value.join('\n'), at, context);
  }
  const path = resolve(folder, value.file);
  const text = await readText(path, `${field}.file: the mirror map`);
  return checkMap(printAsList(text), text, inText(path), context);
}

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
  { emit }: Context,
): { mirrorRegistries: string; mirrorMap: MirrorMap } {
  const mirrorMap = parseMirrorMap(text);
  const errors: AirgapError[] = [];
  for (const problem of mirrorMap.problems) {
    const message = `${placeOf(problem)}: ${problem.text} ${problem.message}`;
    if (problem.severity === 'warning') emit({ kind: 'warning', message });
    else errors.push(new AirgapError('usage', message, { expected: 'source::target' }));
  }
  if (errors.length > 0)
    throw new Failures('the mirror map has entries that the webhook would ignore', errors);
  if (mirrorMap.entries.length > 0) return { mirrorRegistries, mirrorMap };
  throw new AirgapError('usage', 'the mirror map is empty', {
    given: placeOf({ line: 1, column: 1 }),
    expected: 'source::target,…',
  });
}
