import { containerdReferences } from './containerd.ts';
import type { MirrorMap } from './map.ts';
import { type WebhookAnswer, webhookImage } from './webhook.ts';

/** What both consumers of the map make of one image, as `resolve` prints it. */
export interface ResolveResult {
  /** As it was written. */
  readonly image: string;
  readonly webhook: WebhookAnswer;
  /** Full references; empty when containerd's mirrors leave the image where it is. */
  readonly containerd: readonly string[];
}

export function resolveImage(map: MirrorMap, image: string): ResolveResult {
  return { image, webhook: webhookImage(map, image), containerd: containerdReferences(map, image) };
}
