import { type Holder, listOrKey } from './holder.ts';
import type { Trail } from './mention.ts';
import { type MapNode, textAt } from './node.ts';
import { speaksOfImage } from './shape.ts';

/** `value` in `{name: RELATED_IMAGE_PROXY, value: …}`. */
export function isNamedValue(map: MapNode, key: string): boolean {
  return (key === 'value' || key === 'default') && speaksOfImage(textAt(map, 'name') ?? '');
}

/** Whether the field, or the list that it is an item of, speaks of an image. */
export function hintOf(trail: Trail | undefined): boolean {
  return speaksOfImage(listOrKey(trail));
}

/** `--executor-image`, whose value is the next item. */
export function isFlagOfImage(item: string): boolean {
  return /^--?[\w.-]+$/.test(item) && speaksOfImage(item);
}

/**
 * `image`, but for that of a Ceph volume; `reference` in `volumes[0].image`; `name` in `{kind: DockerImage, name: …}`.
 */
export function isImageField(map: MapNode, { key, up }: Trail): boolean {
  if (key === 'image') return up?.key !== 'rbd';
  if (key === 'reference') return up?.key === 'image' && listOrKey(up.up) === 'volumes';
  return key === 'name' && textAt(map, 'kind') === 'DockerImage';
}

/** What an object says of itself, not of what is to run; and prose. */
export function isPassedOver({ key, up }: Trail, { object }: Holder): boolean {
  if (key === 'description') return true;
  if (up === undefined) return key === 'status' && object !== undefined;
  if (up.key === 'metadata') return key === 'managedFields' || key === 'ownerReferences';
  return key === 'kubectl.kubernetes.io/last-applied-configuration';
}

/** Of a schema only what a field is without a value names images. */
export function isInDefault(trail: Trail | undefined): boolean {
  for (let step = trail; step; step = step.up) if (step.key === 'default') return true;
  return false;
}
