import type { Digest } from '../oci/digest.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';

/**
 * An image or artifact as a package URL (package-url/purl-spec, types/oci): the name is the last part of the
 * repository, the version the digest of what is carried, and where it came from are qualifiers.
 * @param platforms those carried; only where it is one, the image has an `arch`
 */
export function ociPurl(
  { registry, repository, tag }: Reference,
  digest: Digest,
  platforms: readonly string[] = [],
): string {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const [only, ...others] = platforms;
  return purl('oci', name, digest, {
    arch: only !== undefined && others.length === 0 ? architectureOf(only) : undefined,
    repository_url: `${registry}/${repository}`,
    tag,
  });
}

/**
 * What has no type of its own in purl-spec: a bundle, a chart (`helm` is only proposed there).
 * @param digest of its bytes, where they are one file
 */
export function genericPurl(name: string, version: string, digest?: Digest): string {
  return purl('generic', name, version, { checksum: digest });
}

/** The canonical form (ECMA-427, "Character encoding"): qualifiers by key, those without a value left out. */
function purl(
  type: 'oci' | 'generic',
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string | undefined>>,
): string {
  const given = Object.entries(qualifiers)
    .filter(([, value]) => value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${key}=${encode(value ?? '')}`);
  const query = given.length > 0 ? `?${given.join('&')}` : '';
  return `pkg:${type}/${encode(name)}@${encode(version)}${query}`;
}

/** Letters, digits and `.-_~` stay, and the colon everywhere; RFC 3986 leaves `!'()*` open, purl does not. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Undefined where a stranger's inventory has something else. */
function architectureOf(platform: string): string | undefined {
  try {
    return parsePlatform(platform).architecture;
  } catch {
    return undefined;
  }
}
