import type { Place } from '../report/error.ts';
import type { FieldPath } from './fields.ts';
import type { Layers } from './overrides.ts';
import { settings } from './settings.ts';

/** Where a field of a document is written; undefined where a flag or variable gave it. */
export type PlaceAt = (field: FieldPath) => Place | undefined;

export const nowhere: PlaceAt = () => undefined;

/** Fields of this file, but for those that flags or variables gave. */
export function placesIn(file: string, { flags, variables }: Layers): PlaceAt {
  const given = settings.filter(
    ({ name }) => flags[name] !== undefined || variables[name] !== undefined,
  );
  return (path) => {
    const field = path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    const plain = field[0] === 'config' ? field.slice(1) : field;
    return given.some((setting) => gives(setting.field, plain)) ? undefined : { file, field };
  };
}

/** Images are given as a whole, by whichever of their settings. */
function gives(setting: readonly string[], field: readonly (string | number)[]): boolean {
  if (setting[0] === 'images') return field[0] === 'images';
  return setting.every((key, at) => field[at] === key);
}
