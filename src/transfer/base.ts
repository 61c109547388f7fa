import pMap from 'p-map';
import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import { formatBytes } from '../report/units.ts';
import type { LayoutBase, TransferJob } from './job.ts';
import { blobsOfImages, type KnownImage } from './work.ts';

/** A blob that the tar of a delta leaves out, and a repository of the target that has it. */
export interface BaseBlob {
  readonly blob: Descriptor;
  readonly repository: string;
}

/**
 * Asks the target, with HEADs alone, for every blob that a delta leaves to its base: in the base's bundle
 * repository, else where the images that need it are or will be.
 * @throws AirgapError refused where any is in none of these
 */
export async function findBase(
  images: readonly KnownImage[],
  { origin, target }: TransferJob,
): Promise<BaseBlob[]> {
  const base = origin.kind === 'layout' ? origin.base : undefined;
  if (base === undefined) return [];
  const needed = blobsOfImages(images).filter(({ digest }) => base.blobs.has(digest));
  const users = usersOf(images);
  const has = async (repository: string, { digest, size }: Descriptor) =>
    (await target.headBlob(repository, digest).catch(hidden)) === size;
  const found = await pMap(
    needed,
    async (blob) => {
      const places = new Set([base.repository, ...(users.get(blob.digest) ?? [])]);
      for (const repository of places)
        if (await has(repository, blob)) return [{ blob, repository }];
      return [];
    },
    { concurrency: 64 },
  );
  const missing = needed.filter((_, at) => found[at]?.length === 0);
  if (missing.length > 0) throw baseMissing(base, missing, needed.length, target.host);
  for (const { blob, repository } of found.flat()) base.homes.set(blob.digest, repository);
  return found.flat();
}

/** In which repositories each blob is or will be; what a pull-through cache has is nobody's to rely on. */
function usersOf(images: readonly KnownImage[]): ReadonlyMap<Digest, ReadonlySet<string>> {
  const users = new Map<Digest, Set<string>>();
  for (const known of images) {
    const places = known.places.filter(({ found }) => ['there', 'missing'].includes(found.state));
    for (const { digest } of blobsOfImages([known])) {
      const repositories = users.get(digest) ?? new Set();
      users.set(digest, repositories);
      for (const { place } of places) repositories.add(place.repository);
    }
  }
  return users;
}

/** Registries hide a repository that is not there, or not ours to read, behind 401 and 403. */
export function hidden(error: unknown): undefined {
  if (error instanceof AirgapError && error.class === 'authentication') return undefined;
  throw error;
}

function baseMissing(
  { name, version, inventoryDigest }: LayoutBase,
  missing: readonly Descriptor[],
  count: number,
  host: string,
): AirgapError {
  const bytes = totalSize(missing);
  const first = missing.slice(0, 3).map(({ digest }) => digest);
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  return new AirgapError(
    'refused',
    `the bundle builds on ${name} ${version}, of which ${host} lacks ${missing.length} of ${count} blobs, ${formatBytes(bytes)}`,
    {
      given: `missing: ${first.join(', ')}${more}`,
      expected: `what ${name} ${version} brings, inventory ${inventoryDigest}`,
      next: `load ${name}-${version}.tar first, or use a bundle that was made without --since`,
    },
  );
}
