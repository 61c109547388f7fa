import { containerdReferences } from '../mirror-map/containerd.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import { webhookImage } from '../mirror-map/webhook.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { parseReference, type Reference, referenceIn } from '../oci/reference.ts';
import type { Placement } from './inventory.ts';

/** What one consumer will ask the target for. */
export interface Asked {
  readonly by: 'webhook' | 'containerd';
  readonly reference: Reference;
}

export interface AskedFor {
  readonly asked: readonly Asked[];
  /** Name of the exception with which the webhook refuses the pod. */
  readonly webhookError?: string;
  /** What the webhook makes of the image, where that is no reference or cannot be pulled. */
  readonly unusable?: string;
}

/** What both consumers make of an image under the effective map. */
export function askedFor(map: MirrorMap, image: string): AskedFor {
  const containerd = containerdReferences(map, image).map((text) => ({
    by: 'containerd' as const,
    reference: parseReference(text),
  }));
  const webhook = webhookImage(map, image);
  if ('error' in webhook) return { asked: containerd, webhookError: webhook.error };
  if (!webhook.swapped) return { asked: containerd };
  const reference = referenceIn(webhook.image);
  if (!reference || startsWithV2(reference)) return { asked: containerd, unusable: webhook.image };
  return { asked: [{ by: 'webhook', reference }, ...containerd] };
}

function startsWithV2(reference: Reference): boolean {
  return reference.repository === 'v2' || reference.repository.startsWith('v2/');
}

/**
 * The references under which an image must be found. A digest needs a tag beside it, or a registry's garbage
 * collector takes it: `airgap-<12 hex>`; a tag written with the digest is placed too, unless `isClaimed`.
 * @param isClaimed whether another image of the list wants this `host/repository:tag` with another digest
 */
export function placementsOf(
  asked: readonly Asked[],
  digest: Digest,
  isClaimed: (reference: string) => boolean,
): Placement[] {
  const askers = new Map<string, Placement['askedForBy']>();
  for (const { by, reference } of asked) {
    for (const name of tagged(reference, digest)) {
      if (reference.digest && name === written(reference) && isClaimed(name)) continue;
      const before = askers.get(name);
      askers.set(name, before === undefined || before === by ? by : 'both');
    }
  }
  return [...askers].map(([reference, askedForBy]) => ({ reference, askedForBy }));
}

/**
 * Whether the images of a list want a `host/repository:tag` with more than one digest; a digest reference's own tag
 * yields to others.
 */
export function tagClaims(
  wanted: readonly { readonly asked: readonly Asked[]; readonly digest: Digest }[],
): (reference: string) => boolean {
  const claims = new Map<string, Set<Digest>>();
  for (const { asked, digest } of wanted) {
    for (const name of asked.flatMap(({ reference }) => tagged(reference, digest))) {
      claims.set(name, (claims.get(name) ?? new Set()).add(digest));
    }
  }
  return (reference) => (claims.get(reference)?.size ?? 0) > 1;
}

/** The tag references that stand for one asked reference. */
function tagged(reference: Reference, digest: Digest): string[] {
  if (!reference.digest) return [written(reference)];
  const kept = `${repositoryOf(reference)}:airgap-${hexOf(digest).slice(0, 12)}`;
  return reference.tag ? [written(reference), kept] : [kept];
}

/** `host/repository`. */
export function repositoryOf(reference: Pick<Reference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}

function written(reference: Reference): string {
  return `${repositoryOf(reference)}:${reference.tag ?? 'latest'}`;
}
