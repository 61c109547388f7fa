import type { InventoryImage } from '../plan/inventory.ts';
import { count } from './units.ts';

/** `3 images`, or `3 images with 4 referrers`. */
export function imageCount(images: readonly Pick<InventoryImage, 'referrer'>[]): string {
  const referrers = images.filter(({ referrer }) => referrer).length;
  return imagesWords(images.length - referrers, referrers);
}

/** The same, counted before. */
export function imagesWords(images: number, referrers: number): string {
  const own = count(images, 'image');
  return referrers === 0 ? own : `${own} with ${count(referrers, 'referrer')}`;
}

const named = 10;

/** The first names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const left = names.length - named;
  return `${names.slice(0, named).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
