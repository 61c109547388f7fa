import type { Context } from '../context.ts';
import { leavesOf } from '../oci/graph.ts';
import type { RegistryClient } from '../registry/client.ts';
import { count } from '../report/units.ts';
import type { TransferJob } from './job.ts';
import { isIncomplete, type KnownImage } from './work.ts';

/**
 * Warns, before anything moves, of a source that counts pulls and does not have enough of them left: of Docker Hub a
 * pull is a GET of an image's manifest, and what is over the limit waits for hours.
 */
export function warnOfPullLimits(
  images: readonly KnownImage[],
  { origin }: TransferJob,
  { emit }: Pick<Context, 'emit'>,
): void {
  if (origin.kind !== 'registries') return;
  const pulls = new Map<RegistryClient, number>();
  for (const { image, graph } of images.filter(isIncomplete)) {
    const { client } = origin.locate(image);
    pulls.set(client, (pulls.get(client) ?? 0) + (graph ? leavesOf(graph).length : 0));
  }
  for (const [{ host, pullsLeft }, needed] of pulls) {
    if (pullsLeft === undefined || pullsLeft >= needed) continue;
    emit({
      kind: 'warning',
      message: `${host} lets us pull ${count(pullsLeft, 'more manifest')}, and up to ${needed} are needed`,
      cure: `log in (docker login ${host}) for a higher limit, or run again later: what has arrived is not pulled again`,
    });
  }
}
