import type { Digest } from '../oci/digest.ts';
import type { AirgapError } from '../report/error.ts';
import type { Exchange } from './exchange.ts';
import { pushFailure, readFailure, type Subject } from './failures.ts';
import { blobPath, manifestPath } from './paths.ts';
import type { Answer } from './transport.ts';

/** A registry as reads and pushes see it. */
export interface Registry {
  readonly host: string;
  readonly exchange: Exchange;
}

export interface Asked extends Subject {
  readonly path: string;
}

export function manifestSubject(host: string, repository: string, reference: string): Asked {
  const what = `manifest ${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
  return { host, repository, what, path: manifestPath(repository, reference) };
}

export function blobSubject(host: string, repository: string, digest: Digest): Asked {
  const what = `blob ${digest} of ${repository}`;
  return { host, repository, what, path: blobPath(repository, digest) };
}

/** A token's scope (distribution, "Token Scope Documentation"). */
export function scope(
  repository: string,
  actions: 'pull' | 'pull,push' | 'pull,push,delete',
): string {
  return `repository:${repository}:${actions}`;
}

/** What to throw for an answer to a read; uses its body up. */
export async function refusedRead(
  { exchange }: Registry,
  answer: Answer,
  subject: Subject,
): Promise<AirgapError> {
  return readFailure(answer.status, await exchange.words(answer), subject);
}

export async function refusedPush(
  { exchange }: Registry,
  answer: Answer,
  subject: Subject,
): Promise<AirgapError> {
  return pushFailure(answer.status, await exchange.words(answer), subject);
}
