import type { InventoryImage } from '../plan/inventory.ts';
import { count } from './units.ts';

/** `3 images`, or `3 images with 4 referrers`. */
export function imageCount(images: readonly Pick<InventoryImage, 'referrer'>[]): string {
  const referrers = images.filter(({ referrer }) => referrer).length;
  const own = count(images.length - referrers, 'image');
  return referrers === 0 ? own : `${own} with ${count(referrers, 'referrer')}`;
}
