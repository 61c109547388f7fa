import { isDigest } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';

// A name outside the grammar could lead elsewhere on the host, with our Authorization.
const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryName = new RegExp(`^${part}(?:/${part})*$`);
const tag = /^\w[\w.-]{0,127}$/;

/** @throws AirgapError('usage') like all of these, for a name that distribution's grammar does not have. */
export function manifestPath(repository: string, reference: string): string {
  if (!isDigest(reference) && !tag.test(reference)) throw notAllowed(reference);
  return `${repositoryPath(repository)}/manifests/${reference}`;
}

export function blobPath(repository: string, digest: string): string {
  if (!isDigest(digest)) throw notAllowed(digest);
  return `${repositoryPath(repository)}/blobs/${digest}`;
}

export function referrersPath(repository: string, digest: string): string {
  if (!isDigest(digest)) throw notAllowed(digest);
  return `${repositoryPath(repository)}/referrers/${digest}`;
}

export function uploadsPath(repository: string): string {
  return `${repositoryPath(repository)}/blobs/uploads/`;
}

function repositoryPath(repository: string): string {
  if (!repositoryName.test(repository)) throw notAllowed(repository);
  return `/v2/${repository}`;
}

function notAllowed(name: string): AirgapError {
  return new AirgapError('usage', 'not a name that a registry can have', {
    given: JSON.stringify(name),
    expected: 'a lower-case repository; a tag of at most 128 characters, or a digest',
  });
}
