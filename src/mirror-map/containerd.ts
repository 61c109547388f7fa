import {
  formatReference,
  isRegistryHost,
  parseReference,
  type Reference,
} from '../oci/reference.ts';
import type { MapEntry, MirrorMap } from './map.ts';
import { withoutApiPath } from './target.ts';

/**
 * What a containerd mirror made from the map asks the target for: one reference for each entry of the
 * image's registry, none when there is no such entry or no grammar accepts the image.
 *
 * With a digest it is the digest that containerd resolves; a tag beside it is kept in the reference, so
 * that the tag can be placed too. A target's `/v2/` is part of the request's path, never of a repository.
 */
export function containerdReferences(map: MirrorMap, image: string): string[] {
  const reference = parsed(image);
  if (reference === undefined) return [];
  const found = mirrorsOf(map).get(reference.registry) ?? [];
  return [...new Set(found.flatMap((entry) => placed(entry.value, reference)))];
}

/** The entry as a containerd mirror can hold it: `host[:port]::prefix`, and no other kind. */
export function isContainerdEntry(entry: MapEntry): boolean {
  const { kind, key, value } = entry;
  return kind === 'registry' && isRegistryHost(key) && value !== '' && !value.endsWith('-');
}

const mirrors = new WeakMap<MirrorMap, ReadonlyMap<string, readonly MapEntry[]>>();

function mirrorsOf(map: MirrorMap): ReadonlyMap<string, readonly MapEntry[]> {
  const known = mirrors.get(map);
  if (known) return known;
  const made = new Map<string, MapEntry[]>();
  for (const entry of map.entries.filter(isContainerdEntry)) {
    made.set(entry.key, [...(made.get(entry.key) ?? []), entry]);
  }
  mirrors.set(map, made);
  return made;
}

function placed(target: string, { repository, tag, digest }: Reference): string[] {
  const named = `${withoutApiPath(target)}/${repository}`;
  const reference = parsed(`${named}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`);
  return reference === undefined ? [] : [formatReference(reference)];
}

function parsed(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}
