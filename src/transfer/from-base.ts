import pMap from 'p-map';
import type { Descriptor } from '../oci/descriptor.ts';
import { AirgapError } from '../report/error.ts';
import { formatBytes } from '../report/units.ts';
import type { LayoutBase, LayoutOrigin } from './job.ts';
import type { CopyUnit } from './units.ts';
import { settleAll } from './waiting.ts';
import type { Work } from './work.ts';

/**
 * Mounts into the bundle repository what the root index needs and the tar does not have.
 * @throws AirgapError refused where the registry does not do that
 */
export async function mountBase(
  { base, bundleRepository }: LayoutOrigin,
  blobs: readonly Descriptor[],
  { job: { target }, turns }: Work,
): Promise<void> {
  const missing = blobs.filter(
    ({ digest }) => base?.blobs.has(digest) && !turns.isIn(digest, bundleRepository),
  );
  await pMap(
    missing,
    async (blob) => {
      const from = turns.mountSource(blob.digest, bundleRepository);
      if (from && (await target.mountBlob(bundleRepository, blob.digest, from)))
        return turns.arrived(blob, bundleRepository);
      throw new AirgapError('refused', 'a blob of the base cannot be mounted', {
        given: `${from ?? 'nothing'} gives no ${blob.digest}`,
      });
    },
    { concurrency: 16 },
  );
}

/**
 * Holds a copy from the tar to what is in the tar.
 * @param missing blobs of the unit that could not be mounted
 * @returns those that the tar has
 * @throws AirgapError refused where the repository lacks one that is left to the base
 */
export async function withoutBase(
  { repository }: CopyUnit,
  missing: readonly Descriptor[],
  { job: { origin, target }, turns }: Work,
): Promise<readonly Descriptor[]> {
  const base = origin.kind === 'layout' ? origin.base : undefined;
  if (base === undefined) return missing;
  const leftOut = missing.filter(({ digest }) => base.blobs.has(digest));
  await settleAll(
    leftOut.map(async (blob) => {
      if ((await target.headBlob(repository, blob.digest)) !== blob.size)
        throw notMountable(base, blob, `${target.host}/${repository}`);
      turns.arrived(blob, repository);
    }),
  );
  return missing.filter(({ digest }) => !base.blobs.has(digest));
}

function notMountable({ name, version }: LayoutBase, blob: Descriptor, at: string): AirgapError {
  return new AirgapError('refused', `${at} lacks a blob of the base, and takes no mount of it`, {
    given: `${blob.digest}, ${formatBytes(blob.size)}; ${name} ${version} brought it elsewhere`,
    next: 'use a bundle that was made without --since',
  });
}
