import pMap from 'p-map';
import { groupBy } from '../plan/group-by.ts';
import type { Inventory, InventoryImage } from '../plan/inventory.ts';
import { ownTag, sourceRepository } from '../plan/place-referrers.ts';
import { repositoryOf } from '../plan/placements.ts';
import type { PlannedImage } from '../plan/plan.ts';
import type { Attached, ImageReferrers } from '../plan/referrers.ts';
import { splitPlacement } from '../plan/repositories.ts';
import { readDescribed } from '../registry/read-image.ts';
import type { ReferrerSources } from './find-referrers.ts';
import { inOrder, lossOf } from './referrer-walk.ts';

/**
 * What a saved plan says is attached, each by its digest: the sources are not asked for what is attached now.
 * What is not there any more is left out, so that the plan made of the rest is another than the saved one.
 * @throws AirgapError transient
 */
export async function savedReferrers(
  images: readonly PlannedImage[],
  saved: Inventory,
  { registries, cache }: ReferrerSources,
): Promise<ImageReferrers[]> {
  const entries = saved.images.filter(({ referrer }) => referrer);
  const of = groupBy(entries, ({ source }) => sourceRepository(source));
  return pMap(
    images,
    async (image) => {
      const attached: Attached[] = [];
      const source = registries.source(image.reference);
      for (const entry of of.get(repositoryOf(image.reference)) ?? []) {
        const { subject, images: digests = [] } = entry.referrer ?? {};
        if (!subject || !digests.includes(image.entry.digest)) continue;
        const graph = await readDescribed(source, entry, cache).catch(
          (error) => void lossOf(error),
        );
        const tags = cosignTagsOf(entry);
        for (const one of tags.length === 0 ? [{}] : tags.map((tag) => ({ tag })))
          if (graph) attached.push({ subject, graph, ...one });
      }
      return { image, attached: inOrder(attached), lost: [] };
    },
    { concurrency: 32 },
  );
}

function cosignTagsOf({ digest, placements }: InventoryImage): string[] {
  const tags = new Set(placements.map(({ reference }) => splitPlacement(reference).tag));
  tags.delete(ownTag(digest));
  return [...tags];
}
