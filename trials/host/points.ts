import type { Random } from '../random.ts';
import type { Site } from '../site.ts';
import type { Size } from '../trial.ts';
import { putOlder, type Shape, sumOf } from './outcome.ts';

/** Of the calls 1 to `count` as many as a size has time for: all, or the first, the last and some between. */
export function pointsOf(count: number, size: Size, random: Random): readonly number[] {
  const all = Array.from({ length: count }, (_, at) => at + 1);
  const most = { smoke: 2, small: 5, full: Number.POSITIVE_INFINITY }[size];
  while (all.length > most) all.splice(1 + random.below(all.length - 2), 1);
  return all;
}

/** How a bundle comes to where an older one may be. */
export const shapes = [
  'a file',
  'a file over a file',
  'parts over parts',
  'parts over a file',
] as const;

const inParts = ['--split-size', '1MiB'];

export type ShapeName = (typeof shapes)[number];

/** As new, but for the older bundle, which is where the next one comes. */
export async function prepare(site: Site, name: ShapeName): Promise<Shape> {
  const shape = await shapeOf(site, name);
  await site.reset();
  await putOlder(site, shape);
  return shape;
}

/** The older bundle is made when it is first wanted, beside what a reset of the site takes away. */
async function shapeOf(site: Site, name: ShapeName): Promise<Shape> {
  const flags = name.startsWith('parts') ? inParts : [];
  if (name === 'a file') return { flags };
  const older = name === 'parts over parts' ? 'older-parts' : 'older';
  if ((await sumOf(site, older)) === undefined) {
    const more = older === 'older' ? [] : inParts;
    await site.job.done('create', '-f', 'bundle.yaml', '-o', older, '--sequence', '1', ...more);
    await site.reset();
  }
  return { flags, older };
}
