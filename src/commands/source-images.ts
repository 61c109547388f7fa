import type { Context } from '../context.ts';
import { findInSource } from '../image-sources/find-in-source.ts';
import { byImage, type Found, type FoundImage } from '../image-sources/found.ts';
import type { ImageSource } from '../inputs/image-source.ts';
import type { BundleSpec, ListedImage } from '../inputs/spec.ts';
import type { Registries } from '../registry/client.ts';
import { AirgapError, Failures, failuresIn } from '../report/error.ts';
import { count } from '../report/units.ts';
import { tellInTarget, tellSuspected } from './tell-left.ts';

/** An image that a source names, and what becomes of it. */
interface SourceImage extends FoundImage {
  readonly state: 'taken' | 'suspected' | 'in-target';
}

/** Looks all sources of bundle.yaml through, in order; what is wrong with any of them is in the answer. */
export async function findSourceImages(
  { imageSources, target }: Pick<BundleSpec, 'imageSources' | 'target'>,
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
    for (const image of found.images) {
      images.push({ ...image, state: stateOf(image, source, target.endpoint) });
    }
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
  const taken = found.filter(({ state }) => state === 'taken');
  const images = [...spec.images, ...listedIn(taken)];
  tellSuspected(leftIn('suspected', found, images), context);
  tellInTarget(leftIn('in-target', found, images), context);
  if (images.length > 0) return { ...spec, images };
  throw new AirgapError('usage', 'no source names an image', {
    given: spec.imageSources.map(({ field }) => field).join(', '),
    next: 'look at what they hold, or name images in images: of bundle.yaml',
  });
}

/** The images that are found in that state and that nothing else brings. @param others that are brought */
export function leftIn(
  state: SourceImage['state'],
  found: readonly SourceImage[],
  others: readonly { readonly image: string }[],
): string[] {
  const known = new Set(others.map(({ image }) => image));
  const left = byImage(found.filter((image) => image.state === state));
  return [...left.keys()].filter((image) => !known.has(image));
}

/**
 * By image, the places at which the sources of `covers` name it; what is only suspected as the source says.
 * @throws AirgapError or Failures
 */
export async function coveredImages(
  { covers, target }: BundleSpec,
  registries: Registries,
  context: Context,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const sources = { imageSources: covers, target };
  const { images, errors } = await findSourceImages(sources, registries, context);
  refuseMistakes(errors);
  const named = byImage(images.filter(({ state }) => state !== 'suspected'));
  return new Map([...named].map(([image, places]) => [image, places.map(({ source }) => source)]));
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

/** What a cluster runs from the target was rewritten on its way there: the original is what is to be mirrored. */
function stateOf(
  { image, isSuspected }: FoundImage,
  { kind, takesSuspected }: ImageSource,
  endpoint: string,
): SourceImage['state'] {
  if (kind === 'cluster' && image.startsWith(`${endpoint}/`)) return 'in-target';
  return isSuspected && !takesSuspected ? 'suspected' : 'taken';
}

/** Each image as often as places name it: a plan resolves it once, and tells all of them. */
function listedIn(found: readonly SourceImage[]): ListedImage[] {
  const places = new Map(
    found.map(({ image, source, place }) => [`${image} ${source}`, { image, source, place }]),
  );
  return [...places.values()].map(({ image, source, place }) => ({
    ...{ image, origin: source },
    ...(place ? { place } : {}),
  }));
}

function tellNone({ field }: ImageSource, { emit }: Context): void {
  emit({ kind: 'warning', message: `${field} names no image` });
}
