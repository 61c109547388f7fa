import type { Digest } from '../oci/digest.ts';
import type { ImageGraph, ManifestDocument } from '../oci/graph.ts';
import { referrerKind } from '../oci/referrers.ts';
import { checkContents } from './check-contents.ts';
import { groupBy } from './group-by.ts';
import type { InventoryImage, InventoryReferrer } from './inventory.ts';
import { ownTag, type PlacedReferrer, placeReferrers, type Wanted } from './place-referrers.ts';
import { repositoryOf } from './placements.ts';
import type { Plan, PlannedImage } from './plan.ts';
import { type Problem, warning } from './problem.ts';

/** What was found attached to a manifest. */
export interface Attached {
  readonly subject: Digest;
  readonly graph: ImageGraph;
  /** Cosign's, where it came by one. */
  readonly tag?: string;
}

/** What is attached to an image, to its manifests, and to any of these. */
export interface ImageReferrers {
  readonly image: PlannedImage;
  readonly attached: readonly Attached[];
  /** What was found and does not travel, in words. */
  readonly lost: readonly string[];
}

/**
 * The plan with what is attached to its images: each referrer an entry after the first image that it travels with, and a
 * warning for each image that loses any.
 */
export function withReferrers(
  plan: Plan,
  found: readonly ImageReferrers[],
  pullThrough: readonly string[],
): Plan {
  const { referrers, lost } = gather(found);
  const images = plan.images.map(({ entry }) => entry);
  const placed = placeReferrers(referrers, images, pullThrough);
  const taken = placed.flatMap(({ wanted, taken: at }) =>
    at.map((one) => ({ image: wanted.first, what: takenWords(wanted, one) })),
  );
  const following = groupBy(placed, ({ wanted }) => wanted.first);
  return {
    ...plan,
    images: plan.images.flatMap((image) => [
      image,
      ...(following.get(image) ?? []).flatMap(entryOf),
    ]),
    problems: [...plan.problems, ...losses([...lost, ...taken])],
  };
}

/** A referrer with all images that it was found for. */
interface Gathered extends Wanted {
  readonly first: PlannedImage;
  readonly subject: Digest;
  readonly graph: ImageGraph;
  readonly images: Digest[];
  readonly tags: string[];
}

interface Loss {
  readonly image: PlannedImage;
  readonly what: string;
}

function gather(found: readonly ImageReferrers[]) {
  const referrers = new Map<string, Gathered>();
  const lost: Loss[] = found.flatMap(({ image, lost: all }) =>
    all.map((what) => ({ image, what })),
  );
  for (const { image, attached } of found) {
    for (const { subject, graph, tag } of attached) {
      const { digest } = graph.root;
      const source = `${repositoryOf(image.reference)}@${digest}`;
      const [fault] = checkContents(source, graph);
      if (fault) {
        lost.push({ image, what: fault.message });
        continue;
      }
      const key = `${source} ${subject}`;
      const known = referrers.get(key);
      const one = known ?? { first: image, source, digest, subject, graph, images: [], tags: [] };
      referrers.set(key, one);
      add(one.images, image.entry.digest);
      if (tag) add(one.tags, tag);
    }
  }
  for (const { tags, digest } of referrers.values())
    if (tags.length === 0) tags.push(ownTag(digest));
  return { referrers: [...referrers.values()], lost };
}

function add<T>(list: T[], value: T): void {
  if (!list.includes(value)) list.push(value);
}

function entryOf({ wanted, placements }: PlacedReferrer<Gathered>): PlannedImage[] {
  if (placements.length === 0) return [];
  const { first, source, graph, subject, images } = wanted;
  const { mediaType, digest, size } = graph.root;
  const artifactType = kindOf(graph);
  const referrer: InventoryReferrer = {
    subject,
    images,
    ...(artifactType ? { artifactType } : {}),
  };
  const entry: InventoryImage = {
    source,
    digest,
    mediaType,
    size,
    platforms: [],
    placements,
    pinnedBy: 'digest',
    referrer,
  };
  const { registry, repository } = first.reference;
  return [{ entry, reference: { registry, repository, digest }, graph }];
}

function kindOf({ root, documents }: ImageGraph): string | undefined {
  const document: ManifestDocument | undefined = documents.get(root.digest);
  return document && referrerKind(document.manifest);
}

/** In words: what is attached, for a person who looks for it. */
export function referrerWords(graph: ImageGraph, tag?: string): string {
  return `${tag ?? graph.root.digest} (${kindOf(graph) ?? graph.root.mediaType})`;
}

function takenWords({ graph }: Gathered, reference: string): string {
  return `${referrerWords(graph)}: something else is to be ${reference}`;
}

/** One warning an image, which names the first few. */
function losses(lost: readonly Loss[]): Problem[] {
  const byImage = groupBy(lost, ({ image }) => image);
  return [...byImage].map(
    ([
      {
        entry: { source },
      },
      all,
    ]) => {
      const words = [...new Set(all.map(({ what }) => what))];
      const more = words.length > mostNamed ? `; and ${words.length - mostNamed} more` : '';
      const message = `${source} loses what is attached to it: ${words.slice(0, mostNamed).join('; ')}${more}`;
      return warning('referrer-lost', [source], message, cureForLoss);
    },
  );
}

const mostNamed = 5;

const cureForLoss =
  'leave platforms out or sign each platform (cosign sign --recursive) where a filter made another index; else mend it at its source, or take note with referrers: false';
