import type { Context } from '../context.ts';
import { count } from '../report/units.ts';

/** Images that have only the shape of one, and are not taken. */
export function tellSuspected(images: readonly string[], { emit }: Context): void {
  if (images.length === 0) return;
  emit({
    kind: 'warning',
    message: `${count(images.length, 'suspected image')} not taken: ${someOf(images)}`,
    cure: 'see where with `images`; list those that are needed, or add suspected: true to their source',
  });
}

/** Images that a cluster runs from the target. */
export function tellInTarget(images: readonly string[], { emit }: Context): void {
  if (images.length === 0) return;
  const message = `${count(images.length, 'image')} of the cluster left out, in the target already: ${someOf(images)}`;
  emit({ kind: 'note', message });
}

const named = 20;

function someOf(images: readonly string[]): string {
  const others = images.length > named ? ` and ${images.length - named} more` : '';
  return `${images.slice(0, named).join(', ')}${others}`;
}
