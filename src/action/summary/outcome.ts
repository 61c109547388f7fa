import type { CreateResult } from '../../commands/create.ts';
import { totalSize } from '../../oci/descriptor.ts';
import { imageCount } from '../../report/image-count.ts';
import { stateWords } from '../../report/placed-text.ts';
import { count, formatBytes } from '../../report/units.ts';
import type { ActionResult } from '../run.ts';
import type { Markup } from './markup.ts';

/** What was done and how it ended, in two lines. */
export function outcomeLines(result: ActionResult, html: Markup): string[] {
  const { plan, errors } = result;
  const name = plan ? `${plan.inventory.name} ${plan.inventory.version}` : 'airgap-bundle';
  const icon = errors.length > 0 ? '❌' : '✅';
  return [
    `<h2>${icon} ${html.text(`${name}: ${verdict(result)}`)}</h2>`,
    ...(result.plan ? [html.paragraph(...doneLines(result).map((line) => html.text(line)))] : []),
  ];
}

function verdict({ plan, mirror, create, part, errors }: ActionResult): string {
  if (errors.length > 0) return `failed with ${count(errors.length, 'error')}`;
  const done = [
    ...(mirror ? ['mirrored'] : []),
    ...(create ? ['bundled'] : []),
    ...(part ? [`part ${part.shard} written`] : []),
    ...(plan && !mirror && !create && !part ? ['planned'] : []),
  ];
  return done.join(' and ') || 'nothing done';
}

function doneLines({ plan, mirror, create, part }: ActionResult): string[] {
  if (!plan) return [];
  const { images, blobs, target } = plan.inventory;
  const placements = images.flatMap((image) => image.placements).length;
  const sizes = `${imageCount(images)}, ${count(placements, 'placement')} in ${target.endpoint}, ${formatBytes(totalSize(blobs))} of unique blobs`;
  return [
    sizes,
    ...(mirror ? [`mirrored to ${mirror.target}: ${counts(mirror.counts)}`] : []),
    ...(create ? [`bundle of ${formatBytes(create.size)}, ${carried(create)}`] : []),
    ...(part ? [`part ${part.shard} of ${formatBytes(part.size)}`] : []),
  ];
}

function carried({ inventory: { imagesNotEmbedded, base } }: CreateResult): string {
  if (imagesNotEmbedded) return 'without the images';
  return base ? `a delta to ${base.name} ${base.version}` : 'with the images';
}

function counts(byState: Readonly<Record<string, number>>): string {
  const known = Object.entries(stateWords)
    .filter(([state]) => byState[state])
    .map(([state, words]) => `${byState[state]} ${words}`);
  return known.join(', ') || 'nothing to do';
}
