import { type Digest, isDigest } from './digest.ts';
import { dockerHub, formerDockerHub } from './docker-hub.ts';

/**
 * The name of an image in a registry, normalised as docker and containerd do
 * (github.com/distribution/reference, "Grammar" and "normalize"): `nginx` is
 * `docker.io/library/nginx:latest`. At least one of tag and digest is there.
 */
export interface Reference {
  /** `host[:port]`, in the case it was written; Docker Hub is always `docker.io`. */
  readonly registry: string;
  /** Path in the registry, at most 255 characters, without a leading slash. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const domainPattern =
  /^(?:[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const identifierPattern = /^[a-f0-9]{64}$/;

/** Whether the text is a registry's `host[:port]` by the reference grammar (`localhost` and IPv6 in brackets included). */
export function isRegistryHost(text: string): boolean {
  return domainPattern.test(text);
}

/**
 * Reads an image name as people write it.
 *
 * @throws RangeError when no registry client would take the name; the message says which part is wrong.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw new RangeError('an image name must not be empty');
  if (identifierPattern.test(text)) {
    throw refused(text, '64 hexadecimal characters are an image id, not a name');
  }
  const { registry, remainder } = splitRegistry(text);
  const { repository, tag, digest } = splitRemainder(remainder);
  if (!isRegistryHost(registry)) {
    throw refused(text, `${JSON.stringify(registry)} is not a registry's host[:port]`);
  }
  checkRepository(text, repository);
  if (tag !== undefined) checkTag(text, tag);
  return {
    registry,
    repository,
    ...tagAndDigest(tag, digest === undefined ? undefined : checkDigest(text, digest)),
  };
}

/** As `parseReference`; undefined for what no grammar accepts. */
export function referenceIn(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

/** `registry/repository[:tag][@digest]`, in full; reading it again gives the same reference. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The first path element is a registry when nothing else can be meant; else the name is on Docker Hub. */
function splitRegistry(text: string): { registry: string; remainder: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  if (slash < 0 || !looksLikeRegistry(first)) return onDockerHub(text);
  const remainder = text.slice(slash + 1);
  const isHub = first === dockerHub || first === formerDockerHub;
  return isHub ? onDockerHub(remainder) : { registry: first, remainder };
}

function looksLikeRegistry(first: string): boolean {
  return first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
}

function onDockerHub(name: string): { registry: string; remainder: string } {
  return { registry: dockerHub, remainder: name.includes('/') ? name : `library/${name}` };
}

function splitRemainder(remainder: string) {
  const at = remainder.indexOf('@');
  const named = at < 0 ? remainder : remainder.slice(0, at);
  const colon = named.indexOf(':');
  return {
    repository: colon < 0 ? named : named.slice(0, colon),
    tag: colon < 0 ? undefined : named.slice(colon + 1),
    digest: at < 0 ? undefined : remainder.slice(at + 1),
  };
}

function tagAndDigest(tag: string | undefined, digest: Digest | undefined) {
  if (tag === undefined) return digest === undefined ? { tag: 'latest' } : { digest };
  return digest === undefined ? { tag } : { tag, digest };
}

function checkRepository(text: string, repository: string): void {
  if (repository.toLowerCase() !== repository) {
    throw refused(text, `the repository ${JSON.stringify(repository)} must be in lower case`);
  }
  if (!repositoryPattern.test(repository)) {
    throw refused(text, `${JSON.stringify(repository)} is not a repository`);
  }
  if (repository.length > 255) {
    throw refused(text, `the repository has ${repository.length} characters, 255 are allowed`);
  }
}

function checkTag(text: string, tag: string): void {
  if (!tagPattern.test(tag)) throw refused(text, `${JSON.stringify(tag)} is not a tag`);
}

function checkDigest(text: string, digest: string): Digest {
  if (!isDigest(digest)) {
    throw refused(text, `${JSON.stringify(digest)} is not a sha256 or sha512 digest in lower case`);
  }
  return digest;
}

function refused(text: string, why: string): RangeError {
  return new RangeError(`not an image name: ${JSON.stringify(text)}: ${why}`);
}
