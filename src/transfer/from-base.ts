import pMap from 'p-map';
import type { Descriptor } from '../oci/descriptor.ts';
import { AirgapError } from '../report/error.ts';
import type { LayoutFile, LayoutOrigin } from './job.ts';
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
        next: 'load the bundle that this one builds on again, or one that was made without --since',
      });
    },
    { concurrency: 16 },
  );
}

/**
 * What a copy out of a delta is made from: the tar, or where that would lack blobs of the base, the layout with them.
 * @param missing blobs of the unit that could not be mounted
 * @returns the layout, and what of `missing` is not in the unit's repository
 */
export async function sourceFor(
  { repository }: CopyUnit,
  missing: readonly Descriptor[],
  origin: LayoutOrigin,
  { job: { target }, turns }: Work,
): Promise<{ readonly from: LayoutFile; readonly missing: readonly Descriptor[] }> {
  const { base, file } = origin;
  const leftOut = missing.filter(({ digest }) => base?.blobs.has(digest));
  if (base === undefined || leftOut.length === 0) return { from: file, missing };
  const inTar = missing.filter(({ digest }) => !base.blobs.has(digest));
  const there = await settleAll(
    leftOut.map(async ({ digest, size }) => (await target.headBlob(repository, digest)) === size),
  );
  leftOut.forEach((blob, at) => {
    if (there[at]) turns.arrived(blob, repository);
  });
  const elsewhere = leftOut.filter((_, at) => !there[at]);
  return { from: elsewhere.length === 0 ? file : base.whole, missing: [...inTar, ...elsewhere] };
}
