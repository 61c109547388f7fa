import type { RequestLine } from '../test/helpers/registry.ts';
import type { CorpusImage } from './corpus.ts';

/** Requests that a registry answered, from its access log. */
export interface Requests {
  readonly head: number;
  readonly get: number;
  readonly post: number;
  readonly patch: number;
  readonly put: number;
  readonly delete: number;
  /** Those of the POST that mounted a blob. */
  readonly mounts: number;
}

export function requestKinds(lines: readonly RequestLine[]): Requests {
  const count = (method: string) => lines.filter((line) => line.method === method).length;
  return {
    head: count('HEAD'),
    get: count('GET'),
    post: count('POST'),
    patch: count('PATCH'),
    put: count('PUT'),
    delete: count('DELETE'),
    mounts: lines.filter(
      ({ method, path, status }) => method === 'POST' && path.includes('mount=') && status === 201,
    ).length,
  };
}

/** Bytes of the blobs whose upload was finished, each time anew; manifests are left out. */
export function bytesUploaded(
  lines: readonly RequestLine[],
  images: readonly CorpusImage[],
): number {
  const sizes = new Map(
    images.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest as string, size])),
  );
  return lines
    .filter(({ status, path }) => status === 201 && path.includes('/blobs/uploads/'))
    .filter(({ path }) => path.includes('digest='))
    .map(({ path }) => decodeURIComponent(/[?&]digest=([^&]+)/.exec(path)?.[1] ?? ''))
    .reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
}
