import type { MapEntry, MirrorMap } from './map.ts';
import { readTarget } from './target.ts';

/** Where the targets of a map lie. */
export interface Base {
  /** `host[:port]`. */
  readonly endpoint: string;
  /** Without slashes around it; may be empty. */
  readonly baseContentPath: string;
}

/**
 * A map that was written for one base, for another: targets under the old base lie under the new one, and what takes
 * the old target out of swapping takes out the new one. What names other places stays.
 */
export function moveMap(map: MirrorMap, from: Base, to: Base): MapEntry[] {
  return map.entries.map((entry) => moveEntry(entry, from, to));
}

/** `host/path` of the old base as it is called in the new one; anything else as it is. */
export function moveTarget(value: string, from: Base, to: Base): string {
  const { host, path, hasApiPath } = readTarget(value);
  const rest = below(path, from.baseContentPath);
  if (host !== from.endpoint || rest === undefined) return value;
  const parts = [to.endpoint, hasApiPath ? 'v2' : '', to.baseContentPath, rest];
  return `${parts.filter((part) => part !== '').join('/')}${value.endsWith('/') ? '/' : ''}`;
}

function moveEntry(entry: MapEntry, from: Base, to: Base): MapEntry {
  const { kind, key, value } = entry;
  if (kind === 'noswap') return { ...entry, value: movePatterns(value.split(','), from, to) };
  // A key without a target excludes a host; with one it is a source, which pods go on to name.
  if (value === '') return key === from.endpoint ? { ...entry, key: to.endpoint } : entry;
  return { ...entry, value: moveTarget(value, from, to) };
}

/** Patterns are looked for anywhere in an image: one that found the old target need not name it whole. */
function movePatterns(patterns: readonly string[], from: Base, to: Base): string {
  const moved = patterns.map((pattern) => movePattern(pattern, from, to));
  const isNewMissed = finds(patterns, from) && !finds(moved, to);
  return [...moved, ...(isNewMissed ? [to.endpoint] : [])].join(',');
}

function movePattern(pattern: string, from: Base, to: Base): string {
  const moved = moveTarget(pattern, from, to);
  return moved === pattern ? pattern.replaceAll(from.endpoint, to.endpoint) : moved;
}

function finds(patterns: readonly string[], { endpoint, baseContentPath }: Base): boolean {
  const target = `${endpoint}/${baseContentPath === '' ? '' : `${baseContentPath}/`}`;
  return patterns.some((pattern) => pattern !== '' && target.includes(pattern));
}

/** The rest of a path under another; undefined when it lies elsewhere. */
function below(path: string, base: string): string | undefined {
  if (base === '' || path === base) return path.slice(base.length);
  return path.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined;
}
