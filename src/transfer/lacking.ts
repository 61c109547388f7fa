import pMap from 'p-map';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RegistryClient } from '../registry/client.ts';
import { hidden } from './base.ts';

/** A blob, and the repositories of the target in which it may be, the likeliest first. */
export interface SoughtBlob {
  readonly blob: Descriptor;
  readonly repositories: readonly string[];
}

/** Asks the target, with HEADs alone. @returns the blobs that none of their repositories has */
export async function lackingBlobs(
  sought: readonly SoughtBlob[],
  target: RegistryClient,
): Promise<Descriptor[]> {
  const isLacking = async ({ blob, repositories }: SoughtBlob) => {
    for (const repository of repositories)
      if ((await target.headBlob(repository, blob.digest).catch(hidden)) === blob.size)
        return false;
    return true;
  };
  const found = await pMap(sought, isLacking, { concurrency: 64 });
  return sought.filter((_, at) => found[at]).map(({ blob }) => blob);
}
