import type { InventoryImage } from './inventory.ts';
import { error, type Problem } from './problem.ts';

/** Placements that two images want with different digests; equal digests are fine. */
export function collisions(images: readonly InventoryImage[]): Problem[] {
  const wanted = new Map<string, InventoryImage[]>();
  for (const image of images) {
    for (const { reference } of image.placements) {
      wanted.set(reference, [...(wanted.get(reference) ?? []), image]);
    }
  }
  return [...wanted].flatMap(([reference, wanters]) => collision(reference, wanters));
}

function collision(reference: string, wanters: readonly InventoryImage[]): Problem[] {
  if (new Set(wanters.map((image) => image.digest)).size < 2) return [];
  const named = wanters.map((image) => `${image.source} (${image.digest})`).join(' and ');
  return [
    error(
      'collision',
      wanters.map((image) => image.source),
      `${named} would both be ${reference}`,
      'give the two source registries different targets in mirrorRegistries, or leave one image out',
    ),
  ];
}
