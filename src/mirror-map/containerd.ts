import { isRegistryHost, type Reference, referenceIn } from '../oci/reference.ts';
import type { MapEntry, MirrorMap } from './map.ts';
import { withoutApiPath } from './target.ts';

/**
 * What a containerd mirror made from the map asks the target for: one reference, or none when the image's
 * registry has no entry or no grammar accepts the image. Of a key that comes again the later entry holds.
 *
 * With a digest it is the digest that containerd resolves; a tag beside it is kept in the reference, so
 * that the tag can be placed too. A target's `/v2/` is part of the request's path, never of a repository.
 */
export function containerdReferences(map: MirrorMap, image: string): string[] {
  const reference = referenceIn(image);
  const target = reference && mirrorsOf(map).get(reference.registry);
  return reference && target ? placed(target, reference) : [];
}

/** The entry as a containerd mirror can hold it: `host[:port]::prefix`, and no other kind. */
export function isContainerdEntry(entry: MapEntry): boolean {
  const { kind, key, value } = entry;
  return kind === 'registry' && isRegistryHost(key) && value !== '' && !value.endsWith('-');
}

const mirrors = new WeakMap<MirrorMap, ReadonlyMap<string, string>>();

/** Targets by source registry, made once for each map. */
function mirrorsOf(map: MirrorMap): ReadonlyMap<string, string> {
  const known = mirrors.get(map);
  if (known) return known;
  const entries = map.entries.filter(isContainerdEntry);
  const made = new Map(entries.map(({ key, value }) => [key, value]));
  mirrors.set(map, made);
  return made;
}

function placed(target: string, { repository, tag, digest }: Reference): string[] {
  const named = `${withoutApiPath(target)}/${repository}`;
  const text = `${named}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
  return referenceIn(text) === undefined ? [] : [text];
}
