import type { Context } from '../context.ts';
import { findInSource } from '../image-sources/find-in-source.ts';
import { byImage, type Found, type FoundImage } from '../image-sources/found.ts';
import type { ImageSource } from '../inputs/image-source.ts';
import type { BundleSpec, ListedImage } from '../inputs/spec.ts';
import type { Registries } from '../registry/client.ts';
import { AirgapError, Failures, failuresIn } from '../report/error.ts';
import { count } from '../report/units.ts';

/** An image that a source names, and whether it is taken. */
interface SourceImage extends FoundImage {
  readonly isTaken: boolean;
}

/** Looks all sources of bundle.yaml through, in order; what is wrong with any of them is in the answer. */
export async function findSourceImages(
  { imageSources }: BundleSpec,
  registries: Registries,
  context: Context,
): Promise<{ images: SourceImage[]; errors: AirgapError[] }> {
  const images: SourceImage[] = [];
  const errors: AirgapError[] = [];
  if (imageSources.length > 0) {
    const name = `finding images in ${count(imageSources.length, 'source')}`;
    context.emit({ kind: 'step', name });
  }
  for (const source of imageSources) {
    const found = await findOrFail(source, registries, context);
    if (found.images.length === 0 && found.errors.length === 0) tellNone(source, context);
    images.push(...found.images.map((image) => taken(image, source)));
    errors.push(...found.errors);
  }
  return { images, errors };
}

/** @throws the only mistake, or all of them */
export function refuseMistakes(errors: readonly AirgapError[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length === 0) return;
  throw new Failures(`${count(errors.length, 'mistake')} in the sources of images`, errors);
}

/**
 * The spec with the images that its sources name and that are taken; the others are told.
 * @throws AirgapError, or Failures with every mistake in every source
 */
export async function withSourceImages(
  spec: BundleSpec,
  registries: Registries,
  context: Context,
): Promise<BundleSpec> {
  const { images: found, errors } = await findSourceImages(spec, registries, context);
  refuseMistakes(errors);
  const images = [...spec.images, ...listedOnce(found.filter(({ isTaken }) => isTaken))];
  const known = new Set(images.map(({ image }) => image));
  const left = new Set(found.map(({ image }) => image).filter((image) => !known.has(image)));
  if (left.size > 0) tellLeft([...left], context);
  if (images.length > 0) return { ...spec, images };
  throw new AirgapError('usage', 'no source names an image', {
    given: spec.imageSources.map(({ field }) => field).join(', '),
  });
}

async function findOrFail(
  source: ImageSource,
  registries: Registries,
  context: Context,
): Promise<Found> {
  try {
    return await findInSource(source, registries, context);
  } catch (thrown) {
    const errors = failuresIn(thrown);
    if (errors.length === 0) throw thrown;
    return { images: [], errors };
  }
}

function taken(image: FoundImage, { takesSuspected }: ImageSource): SourceImage {
  return { ...image, isTaken: takesSuspected || !image.isSuspected };
}

/** Each image with the first of the places that name it, and how many there are more. */
function listedOnce(found: readonly SourceImage[]): ListedImage[] {
  return [...byImage(found)].map(([image, [first, ...others]]) => {
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return { image, origin: `${first?.source}${more}` };
  });
}

function tellNone({ field }: ImageSource, { emit }: Context): void {
  emit({ kind: 'warning', message: `${field} names no image` });
}

const named = 20;

function tellLeft(images: readonly string[], { emit }: Context): void {
  const others = images.length > named ? ` and ${images.length - named} more` : '';
  emit({
    kind: 'warning',
    message: `${count(images.length, 'suspected image')} not taken: ${images.slice(0, named).join(', ')}${others}`,
    cure: 'see where with `images`; list those that are needed, or add suspected: true to their source',
  });
}
