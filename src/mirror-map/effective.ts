import { defaultKey, type MapEntry, type MirrorMap, noswapKey } from './map.ts';

/**
 * The map that `mirrorRegistries` amounts to in the cluster: with an empty `default` (without one the
 * webhook swaps nothing) and the target taken out of swapping, each only where the map has no such key.
 *
 * @param endpoint the target's `host[:port]`
 */
export function effectiveMap(map: MirrorMap, endpoint: string): MirrorMap {
  const missing = [added('default', defaultKey, ''), added('noswap', noswapKey, endpoint)].filter(
    ({ kind }) => !map.entries.some((entry) => entry.kind === kind),
  );
  return { entries: [...missing, ...map.entries], problems: map.problems };
}

function added(kind: MapEntry['kind'], key: string, value: string): MapEntry {
  return { kind, key, value, line: 0, column: 0 };
}
