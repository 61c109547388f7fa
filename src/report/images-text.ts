import type { JudgedImage, NamedImage } from '../commands/images.ts';
import { safeText } from './safe.ts';
import { count } from './units.ts';

const shownSources = 5;

/** Every image with the places that name it, those that are only suspected and not taken at the end. */
export function imagesText(images: readonly JudgedImage[]): string {
  const named = images.filter(({ taken }) => taken);
  const suspected = images.filter(({ taken }) => !taken);
  const lines = [
    ...named.map(imageText),
    ...(suspected.length > 0 ? [suspectedHeading, ...suspected.map(imageText)] : []),
    `${count(named.length, 'image')}${suspected.length > 0 ? `, ${suspected.length} suspected` : ''}`,
  ];
  return safeText(lines.join('\n'));
}

const suspectedHeading =
  '\nSuspected by their shape, taken only where the source says `suspected: true`:';

function imageText({ image, sources }: NamedImage): string {
  const left = sources.length - shownSources;
  const shown = sources.slice(0, shownSources).map((source) => `  ${source}`);
  return [image, ...shown, ...(left > 0 ? [`  and ${left} more`] : [])].join('\n');
}

/**
 * A list as `{list: FILE}` takes it.
 * @param takesSuspected else those that are not taken stand in comments
 */
export function imageList(images: readonly JudgedImage[], takesSuspected: boolean): string {
  return images
    .map(({ image, taken, sources }) =>
      !taken && !takesSuspected ? `# suspected: ${image} (${sources[0]})\n` : `${image}\n`,
    )
    .join('');
}
