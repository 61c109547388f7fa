import { fnmatch } from './fnmatch.ts';
import { defaultKey, type MapEntry, type MirrorMap, noswapKey } from './map.ts';

/** The map as the webhook holds it: one dictionary for each kind of line. */
export interface Lookup {
  readonly exact: ReadonlyMap<string, string>;
  readonly replace: readonly {
    readonly matches: (image: string) => boolean;
    readonly prefix: string;
  }[];
  /** All other lines by key, the reserved keys among them. */
  readonly keys: ReadonlyMap<string, string>;
  /** Absent: the webhook swaps nothing but `[EXACT]` and `[REPLACE]`. */
  readonly fallback: string | undefined;
  readonly noswap: readonly string[];
}

const prepared = new WeakMap<MirrorMap, Lookup>();

/** The map's dictionaries, made once for each map: a plan asks it for every image. */
export function lookupOf(map: MirrorMap): Lookup {
  const known = prepared.get(map);
  if (known) return known;
  const lookup = prepare(map.entries);
  prepared.set(map, lookup);
  return lookup;
}

function prepare(entries: readonly MapEntry[]): Lookup {
  const [exact, replace, keys] = [new Map(), new Map(), new Map<string, string>()];
  for (const { kind, key, value } of entries) {
    // A key that comes again keeps its place and takes the new value, as in a Python dictionary.
    if (kind === 'exact') exact.set(key, value);
    else if (kind === 'replace') replace.set(key, value);
    else keys.set(key, value);
  }
  return {
    exact,
    replace: [...replace].map(([glob, prefix]) => ({ matches: fnmatch(glob), prefix })),
    keys,
    fallback: keys.get(defaultKey),
    noswap: keys.get(noswapKey)?.split(',') ?? [],
  };
}
