import type { Command } from 'commander';
import type { NamedImage } from '../commands/images.ts';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { imageList, imagesText } from '../report/images-text.ts';
import { safeText } from '../report/safe.ts';
import { finishWith } from './finish.ts';
import { addBundleInput, addOutput, bundleInput, type Flags } from './flags.ts';
import type { Finish } from './program.ts';

/** `images`, whose result is a list file too. */
export function addImages(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('images')
    .description('show which images the bundle file and its sources name, and where')
    .option('--suspected', 'with --output list: the suspected ones among the others');
  addOutput(addBundleInput(verb), 'list').action(async (flags: Flags) => {
    refuseSuspected(flags);
    const { runImages } = await import('../commands/images.ts');
    const { readBundleSpec } = await import('../inputs/bundle-file.ts');
    const images = await runImages(await readBundleSpec(bundleInput(flags), context), context);
    if (flags.output === 'list') finish(safeText(imageList(images, flags.suspected === true)), 0);
    else finishWith(finish, flags, images.map(named), () => imagesText(images));
  });
}

/** Text and JSON have the suspected images in any case. */
function refuseSuspected({ suspected, output }: Flags): void {
  if (suspected !== true || output === 'list') return;
  throw new AirgapError('usage', '--suspected is for --output list alone', {
    next: 'add --output list, or leave --suspected out: they are shown at the end',
  });
}

/** What the JSON document has of it. */
function named({ image, sources, suspected }: NamedImage): NamedImage {
  return { image, sources, suspected };
}
