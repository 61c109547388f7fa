import { containerdReferences } from '../mirror-map/containerd.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { webhookImage } from '../mirror-map/webhook.ts';
import { formatReference, type Reference, referenceIn } from '../oci/reference.ts';
import type { Inventory } from './inventory.ts';
import { splitPlacement } from './repositories.ts';

/** Where an image of a cluster, as its manifests or pods name it, comes from once the bundle is installed. */
export interface Pulled {
  /** `nowhere`: it would be asked of the target, and the bundle does not bring it there. */
  readonly where: 'bundle' | 'nowhere' | 'unmapped';
  /** What would be asked for; empty where no rule covers the image. */
  readonly asked: string;
}

/** Judges images by what the bundle brings: once for all of them, as the map and the placements are read once. */
export function pulledFrom({ images, target }: Inventory): (image: string) => Pulled {
  const map = parseMirrorMap(target.mirrorMap);
  const isPlaced = placementFinder(images);
  return (image) => {
    const asked = askedFor(image);
    if (asked === undefined) return { where: 'unmapped', asked: '' };
    return { where: isPlaced(asked) ? 'bundle' : 'nowhere', asked };
  };

  /** What the webhook fails on is asked for nowhere. */
  function askedFor(image: string): string | undefined {
    if (image.startsWith(`${target.endpoint}/`)) return image;
    if (target.environment === 'airgap') {
      const answer = webhookImage(map, image);
      if ('error' in answer) return `nothing: the webhook fails on it (${answer.error})`;
      if (answer.swapped) return answer.image;
    }
    return containerdReferences(map, image)[0];
  }
}

function placementFinder(images: Inventory['images']): (asked: string) => boolean {
  const known = new Set<string>();
  for (const { digest, placements } of images) {
    for (const { reference } of placements) {
      known.add(reference);
      known.add(`${splitPlacement(reference).repository}@${digest}`);
    }
  }
  return (asked) => {
    const reference = referenceIn(asked);
    return reference !== undefined && known.has(nameOf(reference));
  };
}

/** Of tag and digest the digest counts. */
function nameOf({ registry, repository, tag, digest }: Reference): string {
  return formatReference({ registry, repository, ...(digest ? { digest } : { tag: tag ?? '' }) });
}
